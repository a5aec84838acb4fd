import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { EngineOptions, Judge } from '../../../src/providers/engines/engine.ts';
import { openJudge, type PoolSettings } from '../../../src/providers/engines/pool.ts';
import { startFromSources } from '../../../src/providers/engines/start.ts';
import { structureBucket } from '../../../src/sql/complexity.ts';
import { root } from '../../sql/samples.ts';

const never = new AbortController().signal;
const sqlite: EngineOptions = { dialect: 'sqlite', engine: 'auto' };
const open = (options: EngineOptions, settings: PoolSettings = {}, signal = never): Promise<Judge> =>
  openJudge(options, { root }, startFromSources(root), signal, settings);

async function verdicts(judge: Judge, texts: Iterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const { verdict } of judge.judge(texts)) found.push(verdict.verdict === 'valid' ? 'valid' : verdict.code);
  return found;
}

/** The real threads, and every batch each of them was sent. */
function watchedStarters() {
  const sent: string[][][] = [];
  const { startWorker } = startFromSources(root);
  const starters = {
    startWorker(role: 'sql-judge', data: unknown): Worker {
      const worker = startWorker(role, data);
      const batches: string[][] = [];
      sent.push(batches);
      const post = worker.postMessage.bind(worker);
      worker.postMessage = (request: { texts: string[] }) => {
        batches.push(request.texts);
        post(request);
      };
      return worker;
    },
  };
  return { sent, starters };
}

test('texts stream through a thread in order, equal texts share a verdict', async (context) => {
  const { sent, starters } = watchedStarters();
  const judge = await openJudge(sqlite, { root }, starters, never, { batch: 3 });
  context.after(() => judge.close());
  const texts = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 'SELECT a FROM' : i % 4 === 1 ? 'SELECT 1' : `SELECT ${i}`));
  assert.deepEqual(
    await verdicts(judge, texts),
    texts.map((text) => (text === 'SELECT a FROM' ? 'incomplete' : 'valid')),
  );
  assert.deepEqual(sent.flat(2).sort(), [...new Set(texts)].sort(), 'each text is judged once');
  assert.ok(sent.flat().every((batch) => batch.length <= 3));
  assert.deepEqual(await verdicts(judge, Array(2_000).fill('SELECT 1')), Array(2_000).fill('valid'));
  assert.match(judge.facts.version, /^SQLite 3/);
});

test('from 50,000 rows on several threads are at work, and keep the order', async (context) => {
  const { sent, starters } = watchedStarters();
  const judge = await openJudge(sqlite, { root }, starters, never, { batch: 2_000, threads: 2 });
  context.after(() => judge.close());
  await verdicts(
    judge,
    Array.from({ length: 6_000 }, (_, i) => `SELECT a${i}`),
  );
  assert.equal(sent.length, 1);
  const texts = Array.from({ length: 60_000 }, (_, i) => `SELECT ${i < 50_000 ? i % 100 : i}${i % 7 === 0 ? ' FROM' : ''}`);
  const found = await verdicts(judge, texts);
  assert.equal(sent.length, 2);
  assert.ok(found.every((verdict, i) => (verdict === 'valid') === (i % 7 !== 0)));
});

test('structure comes the same way', async () => {
  const judge = await open(sqlite);
  const found: string[] = [];
  for await (const features of judge.features(['SELECT 1', 'SELECT * FROM a, b', 'nonsense'])) found.push(structureBucket(features));
  assert.deepEqual(found, ['basic SQL', 'single join', 'unparsed']);
  await judge.close();
});

/** A judge whose thread hangs or dies on some texts; the rest of it is the real one. */
const hostileStarters = {
  startWorker: (_role: 'sql-judge', data: unknown): Worker =>
    new Worker(join(root, 'test/providers/engines/hostile-worker.ts'), { workerData: data }),
};

test('texts that never end or kill the thread are not judged, each asked about twice at most; all others are', async () => {
  let threads = 0;
  const counted = {
    startWorker(...given: Parameters<typeof hostileStarters.startWorker>): Worker {
      threads++;
      return hostileStarters.startWorker(...given);
    },
  };
  const judge = await openJudge(sqlite, { root }, counted, never, { batch: 64, textDeadlineMs: 300 });
  const texts = Array.from({ length: 64 }, (_, i) => (i === 5 || i === 63 ? 'HANG' : i === 40 ? 'DIE' : `SELECT ${i}`));
  texts[41] = 'HINT';
  assert.deepEqual(
    await verdicts(judge, texts),
    texts.map((text) => (text === 'HANG' ? 'timeout' : text === 'DIE' ? 'crashed' : text === 'HINT' ? 'syntax' : 'valid')),
  );
  // Equal texts are judged once: three that cost a thread each time they are asked about, but for the hint's verdict.
  assert.equal(threads, 1 + 2 + 2 + 1);
  await judge.close();
});

test('a batch takes as long as it needs while its texts come one by one', async () => {
  const judge = await open({ dialect: 'postgres', engine: 'auto' }, { textDeadlineMs: 1_000 });
  const slow = Array.from({ length: 12 }, (_, i) => `select ${'1+'.repeat(9_000)}${i}`);
  assert.deepEqual(await verdicts(judge, slow), Array(12).fill('valid'));
  await judge.close();
});

test('a cancelled run stops between batches; a missing parser file is the user’s to mend', async () => {
  const controller = new AbortController();
  const judge = await open(sqlite, { batch: 1 }, controller.signal);
  controller.abort();
  await assert.rejects(verdicts(judge, ['SELECT 1']), { code: 'cancelled' });
  await judge.close();
  const lost = openJudge(
    { dialect: 'postgres', engine: 'auto' },
    { root, assets: join(root, 'no-such-folder') },
    startFromSources(root),
    never,
  );
  await assert.rejects(lost, { code: 'missing-asset', fault: 'user' });
});
