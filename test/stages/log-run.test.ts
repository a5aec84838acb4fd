import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { WorldError } from '../../src/kernel/errors.ts';
import { fileTracker } from '../../src/providers/trackers/file.ts';
import type { Tracker } from '../../src/providers/trackers/tracker.ts';
import { logRun } from '../../src/stages/report/log-run.ts';
import { promoted, skipped } from '../report/fixtures.ts';

const never = new AbortController().signal;

test('a run is logged to the trackers that are up; one that is down is a warning', async () => {
  const root = await mkdtemp(join(tmpdir(), 'retrain-track-'));
  try {
    await writeFile(join(root, 'report.html'), '<p>report</p>');
    const down: Tracker = {
      ...fileTracker({ root }),
      name: 'down',
      start: () => Promise.reject(new WorldError('unreachable', 'The server is down.')),
    };
    const warnings: string[] = [];
    const log = { info: () => undefined, progress: () => undefined, warn: (_code: string, text: string) => void warnings.push(text) };
    const run = promoted;
    assert.equal(await logRun(run, [down, fileTracker({ root })], { 'report.html': join(root, 'report.html') }, log, never), 1);
    assert.deepEqual(warnings, ['down: The server is down.']);

    const id = await fileTracker({ root }).start({ experiment: run.model, name: 'x', key: run.id }, never);
    const kept = JSON.parse(await readFile(join(root, id, 'run.json'), 'utf8')) as {
      tags: Record<string, string>;
      params: Record<string, unknown>;
    };
    assert.equal(kept.tags['retrain.run'], run.id);
    assert.equal(kept.tags['retrain.outcome'], run.outcome);
    const figures = (await readFile(join(root, id, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { name: string }).name);
    assert.ok(figures.includes('auc_roc'), figures.join(', '));
    assert.equal(await readFile(join(root, id, 'artifacts', 'report.html'), 'utf8'), '<p>report</p>');
  } finally {
    await rm(root, { recursive: true });
  }
});

test('a run with nothing to do is not logged', async () => {
  const silent = { info: () => undefined, progress: () => undefined, warn: () => undefined };
  const broken = { name: 'never asked', start: () => Promise.reject(new Error('asked')) } as unknown as Tracker;
  assert.equal(await logRun(skipped, [broken], {}, silent, never), 0);
});
