import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileTracker } from '../../../src/providers/trackers/file.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { type SeenRun, trackerContract } from '../../contracts/tracker.ts';

async function emptyTracker(context: TestContext) {
  const root = join(await scratchFolder(context), 'tracking');
  const again = () => fileTracker({ root });
  return { root, tracker: again(), again, see: (id: string) => see(join(root, id)) };
}

async function see(folder: string): Promise<SeenRun> {
  const run = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'));
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const artifacts: Record<string, string> = {};
  const top = join(folder, 'artifacts');
  for (const entry of await readdir(top, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) artifacts[relative(top, path)] = await readFile(path, 'utf8');
  }
  return {
    outcome: run.outcome,
    params: Object.fromEntries(Object.entries(run.params).map(([name, value]) => [name, String(value)])),
    tags: run.tags,
    metrics: lines.map((line) => JSON.parse(line)).map(({ name, value, step }) => ({ name, value, ...(step !== undefined && { step }) })),
    artifacts,
  };
}

trackerContract('file', emptyTracker);

test('file tracker: hostile names stay within its folder', async (context) => {
  const { root, tracker } = await emptyTracker(context);
  const id = await tracker.start({ experiment: '../../x', name: '..', key: 'k' }, signal);
  assert.match(id, /^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/);
  assert.deepEqual(await readdir(join(root, '..')), ['tracking']);
  for (const bad of ['../../x', 'a/../b', 'a', '/etc/passwd', '../tracking', 'a/..']) {
    await assert.rejects(tracker.finish(bad, 'finished', signal), { code: 'no-such-run', message: /is no id/ }, bad);
  }
  await assert.rejects(tracker.artifact(id, '../x', '/etc/hostname', signal), { code: 'bad-path' });
});

test('file tracker: values that are no numbers stay legible', async (context) => {
  const { root, tracker } = await emptyTracker(context);
  const id = await tracker.start({ experiment: 'churn', name: 'a', key: 'k' }, signal);
  await tracker.metrics(id, [{ name: 'loss', value: Number.NaN, step: 0, at: 't' }], signal);
  const path = join(root, id, 'metrics.jsonl');
  assert.equal(await readFile(path, 'utf8'), '{"name":"loss","value":"NaN","step":0,"at":"t"}\n');
  const before = await stat(path);
  await tracker.metrics(id, [{ name: 'loss', value: Number.NaN, step: 0, at: 'later' }], signal);
  const after = await stat(path);
  assert.deepEqual([after.ino, after.size], [before.ino, before.size], 'told again, it is left as it is');
});

test('file tracker: a line that was cut short is no line, and what comes after it is whole', async (context) => {
  const { root, tracker } = await emptyTracker(context);
  const id = await tracker.start({ experiment: 'churn', name: 'a', key: 'k' }, signal);
  await writeFile(join(root, id, 'metrics.jsonl'), '{"name":"loss","value":1,"step":1,"at":"t"}\n{"name":"loss","val');
  await tracker.metrics(id, [{ name: 'loss', value: 0.5, step: 2, at: 't' }], signal);
  assert.equal(
    await readFile(join(root, id, 'metrics.jsonl'), 'utf8'),
    '{"name":"loss","value":1,"step":1,"at":"t"}\n{"name":"loss","value":0.5,"step":2,"at":"t"}\n',
  );
});

test('file tracker: a damaged run file is named', async (context) => {
  const { root, tracker } = await emptyTracker(context);
  const id = await tracker.start({ experiment: 'churn', name: 'a', key: 'k' }, signal);
  await writeFile(join(root, id, 'run.json'), '{');
  await assert.rejects(tracker.tags(id, { a: 'b' }, signal), {
    code: 'tracking-corrupted',
    fault: 'user',
    message: /run\.json is damaged/,
  });
});
