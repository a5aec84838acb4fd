import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { WorldError } from '../../src/kernel/errors.ts';
import type { Manifest } from '../../src/kernel/record.ts';
import { fileTracker } from '../../src/providers/trackers/file.ts';
import type { Tracker } from '../../src/providers/trackers/tracker.ts';
import { evaluationOf } from '../../src/stages/report/evaluation-of.ts';
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
    assert.deepEqual(await logRun(run, [down, fileTracker({ root })], { 'report.html': join(root, 'report.html') }, log, never), ['file']);
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

test('a tracker that does not take one thing still has its run ended', async () => {
  const done = async () => undefined;
  const ends: string[] = [];
  const tracker: Tracker = {
    name: 'full',
    start: async (run) => run.name,
    params: done,
    metrics: done,
    tags: done,
    artifact: () => Promise.reject(new WorldError('no-room', 'There is no room for it.')),
    finish: async (_id, outcome) => void ends.push(outcome),
  };
  const warnings: string[] = [];
  const log = { info: () => undefined, progress: () => undefined, warn: (_code: string, text: string) => void warnings.push(text) };
  assert.deepEqual(await logRun(promoted, [tracker], { 'report.html': 'report.html' }, log, never), []);
  assert.deepEqual(await logRun({ ...promoted, outcome: 'errored' }, [tracker], { 'report.html': 'report.html' }, log, never), []);
  assert.deepEqual(await logRun({ ...promoted, outcome: 'submitted' }, [tracker], { 'report.html': 'report.html' }, log, never), []);
  assert.deepEqual(warnings, Array(3).fill('full: There is no room for it.'));
  assert.deepEqual(ends, ['finished', 'failed']);
});

test('a run with nothing to do is not logged', async () => {
  const silent = { info: () => undefined, progress: () => undefined, warn: () => undefined };
  const broken = { name: 'never asked', start: () => Promise.reject(new Error('asked')) } as unknown as Tracker;
  assert.deepEqual(await logRun(skipped, [broken], {}, silent, never), []);
});

test('what went in and came out is told to trackers that know lineage, by address and digest', async () => {
  const told: unknown[] = [];
  const done = async () => undefined;
  const tracker: Tracker = {
    name: 'lineage',
    start: async (run) => run.name,
    params: done,
    metrics: done,
    tags: done,
    artifact: done,
    finish: done,
    lineage: async (...all) => void told.push(all.slice(0, 2)),
  };
  const silent = { info: () => undefined, progress: () => undefined, warn: () => undefined };
  const digest = 'd'.repeat(64);
  const file = { uri: 'files/x', sha256: digest, bytes: 1 };
  const outputs: Record<string, Manifest['records'][number]['outputs']> = {
    'fetch-data': { digest: 'of-data', data: file },
    'fetch-model': { 'base-uri': 'gs://models/t5', 'base-digest': 'of-base' },
    train: { model: { ...file, stored: { uri: 'gs://b/run/train/model/', files: [] } }, importances: file },
    'bias-check': { 'per-bucket': { ...file, stored: { uri: 'gs://b/run/bias-check/per_bucket_complexity_eval.csv', files: [] } } },
    register: {
      uri: 'vertex:gs://b/registry/churn/versions/3',
      digest: 'of-version',
      'registered-model': 'projects/p/locations/r/models/churn@3',
    },
  };
  const template = promoted.records[0] as Manifest['records'][number];
  const records = Object.entries(outputs).map(([stage, found]) => ({
    ...template,
    stage,
    outputs: found,
    inputs: stage === 'fetch-data' ? { source: 'gs://data/*.csv' } : {},
  }));
  await logRun({ ...promoted, records }, [tracker], {}, silent, never);
  assert.deepEqual(told, [
    [
      `${promoted.model}_${promoted.logicalDate.slice(0, 10)}`,
      {
        inputs: [
          { name: 'data', kind: 'dataset', uri: 'gs://data/*.csv', digest: 'of-data' },
          { name: 'base', kind: 'model', uri: 'gs://models/t5', digest: 'of-base' },
        ],
        outputs: [
          { name: 'train.model', kind: 'model', uri: 'gs://b/run/train/model/', digest },
          { name: 'bias-check.per-bucket', kind: 'dataset', uri: 'gs://b/run/bias-check/per_bucket_complexity_eval.csv', digest },
          {
            name: 'registered-model',
            kind: 'model',
            uri: 'vertex:gs://b/registry/churn/versions/3',
            digest: 'of-version',
            resource: 'projects/p/locations/r/models/churn@3',
          },
        ],
        outcome: 'finished',
      },
    ],
  ]);
});

test('a run whose jobs go on elsewhere is logged as far as it is, and not ended', async () => {
  const calls: string[] = [];
  const note = (name: string) => async () => void calls.push(name);
  const tracker: Tracker = {
    name: 'noted',
    start: async () => 'id',
    params: note('params'),
    metrics: note('metrics'),
    tags: note('tags'),
    artifact: note('artifact'),
    lineage: note('lineage'),
    finish: note('finish'),
  };
  const silent = { info: () => undefined, progress: () => undefined, warn: () => undefined };
  assert.equal((await logRun({ ...promoted, outcome: 'submitted' }, [tracker], {}, silent, never)).length, 1);
  assert.deepEqual(calls, ['params', 'metrics', 'tags']);
});

test('the candidate’s confusion matrix, ROC and figures are told to trackers that have a form for them', async () => {
  const evaluated = promoted.records.find(({ stage }) => stage === 'evaluate')!;
  const series = { name: 'candidate', x: [0, 0.5, 1], y: [0, 1, 1], thresholds: [null, 0.7, 0.1] };
  const record = {
    ...evaluated,
    inputs: { task: 'classification' },
    curves: [{ name: 'roc', title: 'ROC', x: '', y: '', series: [series] }],
  };
  const found = evaluationOf({ records: [record] });
  assert.equal(found?.kind, 'classification');
  assert.deepEqual(found?.confusion, {
    classes: ['No', 'Yes'],
    rows: [
      [938, 97],
      [180, 194],
    ],
  });
  assert.deepEqual(found?.roc, [
    { falsePositiveRate: 0, recall: 0, threshold: 1 },
    { falsePositiveRate: 0.5, recall: 1, threshold: 0.7 },
    { falsePositiveRate: 1, recall: 1, threshold: 0.1 },
  ]);
  assert.equal(
    found?.figures.auc_roc,
    evaluated.metrics.find(({ name, split, slice, model }) => name === 'auc_roc' && split === 'test' && !slice && model !== 'champion')
      ?.value,
  );
  assert.equal(evaluationOf({ records: [{ ...record, inputs: { task: 'text-to-sql' } }] }), undefined);
});
