import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { mlflowClient } from '../../../src/providers/mlflow/mlflow-client.ts';
import { mlflowPlace } from '../../../src/providers/mlflow/mlflow-place.ts';
import { mlflowTracker } from '../../../src/providers/trackers/mlflow.ts';
import { batches } from '../../../src/providers/trackers/mlflow-batches.ts';
import { LOOKUP_TAG, metricName, paramName, tagName } from '../../../src/providers/trackers/mlflow-names.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { trackerContract } from '../../contracts/tracker.ts';
import { type MlflowStandInOptions, mlflowStandIn } from '../../stand-ins/mlflow.ts';
import { seenOnMlflow } from './mlflow-seen.ts';

const run = { experiment: 'churn', name: 'churn_2026-11-21', key: 'k1' };
const at = '2026-11-21T10:00:00Z';
const PATIENCE = { tries: 3, pauseMs: 1, timeoutMs: 5_000, sendMs: 5_000 };

async function emptyTracker(context: TestContext, options: MlflowStandInOptions = {}, env: Readonly<Record<string, string>> = {}) {
  const server = await mlflowStandIn(context, options);
  const said: string[] = [];
  const client = mlflowClient(mlflowPlace(server.url, env), PATIENCE);
  const again = () => mlflowTracker({ client, settleMs: 50, log: (line) => said.push(line) });
  return { server, said, client, again, tracker: again() };
}

trackerContract('mlflow', async (context) => {
  const { server, again, tracker } = await emptyTracker(context);
  const filesOf = (id: string) =>
    Object.fromEntries(
      [...server.files].flatMap(([path, content]) => {
        const [, name] = path.split(`/${id}/artifacts/`);
        return name === undefined ? [] : [[name, content.toString('utf8')]];
      }),
    );
  return { tracker, again, see: (id) => seenOnMlflow(server.url, id, filesOf(id)) };
});

test('mlflow tracker: of a step that is told anew MLflow keeps both points, and the newer counts; what is told again is not sent', async (context) => {
  const { server, tracker, again, client } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  const loss = (...points: readonly (readonly [number, number])[]) => points.map(([step, value]) => ({ name: 'loss', value, step, at }));
  await tracker.metrics(id, loss([1, 0.9], [2, 0.8], [3, 0.7], [4, 0.6]), signal);
  const next = again();
  await next.start(run, signal);
  await next.metrics(id, [...loss([1, 0.9], [4, 0.5], [4, 0.4]), { name: 'loss', value: 0.4, at }], signal);
  const time = Date.parse(at);
  assert.deepEqual(
    server.history(id, 'train/loss').map(({ step, value, timestamp }) => [step, value, timestamp - time]),
    [
      [1, 0.9, 0],
      [2, 0.8, 0],
      [3, 0.7, 0],
      [4, 0.6, 0],
      [4, 0.4, 1],
    ],
    'a lower value told later is later, not hidden behind the larger one',
  );
  const read = server.calls.filter(({ name }) => name === 'GET metrics/get-history').length;
  assert.equal(read, 2, 'four points are two pages of the stand-in, read once');
  const sent = server.calls.length;
  await next.metrics(id, loss([1, 0.9], [2, 0.8]), signal);
  assert.equal(server.calls.length, sent, 'nothing new, nothing asked');

  // Somebody else told two values for one moment: MLflow goes by the larger.
  const theirs = [0.2, 0.3].map((value) => ({ key: 'train/lr', value, timestamp: time, step: 1 }));
  await client.logBatch(id, { metrics: theirs }, signal);
  const third = again();
  await third.start(run, signal);
  await third.metrics(id, [{ name: 'lr', value: 0.3, step: 1, at }], signal);
  assert.equal(server.history(id, 'train/lr').length, 2);
  await third.metrics(id, [{ name: 'lr', value: 0.2, step: 1, at }], signal);
  assert.deepEqual(server.history(id, 'train/lr').at(-1), { key: 'train/lr', value: 0.2, timestamp: time + 1, step: 1 });
});

test('mlflow tracker: a value that is no finite number is not sent, and said', async (context) => {
  const { server, tracker, said } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  const metrics = [Number.NaN, Number.POSITIVE_INFINITY, 0.5].map((value, step) => ({ name: 'loss', value, step, at }));
  await tracker.metrics(id, metrics, signal);
  assert.deepEqual(
    server.history(id, 'train/loss').map(({ step, value }) => [step, value]),
    [[2, 0.5]],
  );
  assert.match(said.join('\n'), /no finite number: loss\./);
});

test('mlflow tracker: a parameter that changes is a warning, the others are kept; also when another process was faster', async (context) => {
  const { server, tracker, again, said } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  await tracker.params(id, { depth: 6 }, signal);
  const late = again();
  await late.start(run, signal);
  await tracker.params(id, { rate: 0.1 }, signal);
  await late.params(id, { depth: 7, rate: 0.1, seed: 'x' }, signal);
  await tracker.params(id, { depth: 6, seed: 'y' }, signal);
  assert.deepEqual(Object.fromEntries(server.runs.get(id)!.params), { depth: '6', rate: '0.1', seed: 'x' });
  const warnings = said.filter((line) => line.startsWith('Warning'));
  assert.deepEqual(warnings, [
    'Warning: MLflow never changes a parameter: depth stays "6" there, and is "7" now.',
    'Warning: MLflow never changes a parameter: seed stays "x" there, and is "y" now.',
  ]);
});

test('mlflow tracker: large logs go in batches that the server takes, long values are cut and say so', async (context) => {
  const { server, tracker } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  await tracker.metrics(
    id,
    Array.from({ length: 2_500 }, (_, step) => ({ name: 'loss', value: 1 / (step + 1), step, at })),
    signal,
  );
  const long = 'ü'.repeat(9_000);
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`p${index}`, long]));
  await tracker.params(id, many, signal);
  await tracker.tags(id, { long }, signal);
  const { points, params, tags } = server.runs.get(id)!;
  assert.deepEqual([points.length, params.size], [2_500, 250]);
  for (const [text, max] of [
    [params.get('p0'), 6_000],
    [tags.get('long'), 5_000],
  ] as const) {
    assert.equal(text?.length, max);
    assert.match(text, /^ü+… \(9000 characters\)$/);
  }
  const sizes = server.calls.filter(({ name }) => name === 'POST runs/log-batch').map(({ bytes }) => bytes);
  assert.ok(sizes.length >= 3 + 4 + 1 && sizes.every((bytes) => bytes <= 1_000_000), sizes.join());
  assert.deepEqual([...batches(['a', 'b', 'c'], 2)], [['a', 'b'], ['c']]);
  assert.deepEqual([...batches(['aaaa', 'b', 'c'], 9, 8)], [['aaaa'], ['b', 'c']]);
});

test('mlflow tracker: names are those MLflow takes, and two names stay two', async (context) => {
  assert.deepEqual(
    [paramName('train.epochs'), paramName('größe/max -1'), tagName('retrain.run')],
    ['train.epochs', 'größe/max -1', 'retrain.run'],
  );
  const odd = [
    '',
    '.',
    '..',
    '/',
    'a//b',
    'a/',
    './a',
    '/a',
    '..a',
    'a/../b',
    'a:b',
    'a?b',
    'a\nb',
    '€',
    'x'.repeat(251),
    `${'x'.repeat(251)}y`,
    '\ud800',
    '😀'.repeat(200),
  ];
  const names = odd.map(paramName);
  assert.equal(new Set(names).size, odd.length);
  for (const name of names) assert.match(name, /-[0-9a-f]{8}$/);
  assert.notEqual(tagName(LOOKUP_TAG), LOOKUP_TAG, 'nobody takes the tag a run is found by');
  assert.deepEqual([metricName({ name: 'loss', step: 3 }), metricName({ name: 'f1' })], ['train/loss', 'f1']);
  for (const name of ['', '.', '..', '/', 'a//b']) assert.match(metricName({ name, step: 1 }), /^train\/[^/]/);
  assert.notEqual(metricName({ name: 'train/f1' }), metricName({ name: 'f1', step: 1 }));

  const { server, tracker } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  await tracker.params(id, Object.fromEntries(odd.map((name) => [name, 1])), signal);
  assert.equal(server.runs.get(id)?.params.size, odd.length, 'the server took every one');
});

test('mlflow tracker: an answer that is lost leaves one run; a run that somebody removed is begun anew', async (context) => {
  const { server, again } = await emptyTracker(context);
  server.fault('POST experiments/create', { lost: true });
  server.fault('POST runs/create', { lost: true });
  server.fault('POST runs/log-batch', { lost: true });
  const tracker = again();
  const id = await tracker.start(run, signal);
  assert.equal(server.runs.size, 1);
  await tracker.metrics(id, [{ name: 'f1', value: 0.5, at }], signal);
  assert.equal(server.history(id, 'f1').length, 1);
  server.runs.get(id)!.deleted = true;
  assert.notEqual(await again().start(run, signal), id);
  await assert.rejects(tracker.tags('0123456789abcdef', { a: 'b' }, signal), { code: 'no-such-run', fault: 'user' });
});

test('mlflow tracker: of those who begin the same run at once all but one take theirs away again', async (context) => {
  const { server, again } = await emptyTracker(context);
  const ids = await Promise.all([1, 2, 3, 4].map(() => again().start(run, signal)));
  const left = [...server.runs.values()].filter(({ deleted }) => !deleted);
  assert.deepEqual(
    [...new Set(ids)],
    left.map(({ id }) => id),
  );
  assert.ok(server.runs.size > 1, 'they did race');
});

test('mlflow tracker: a deleted experiment of the name is told, with what to do', async (context) => {
  const { server, again } = await emptyTracker(context);
  await again().start(run, signal);
  server.deleteExperiment('churn');
  await assert.rejects(again().start(run, signal), {
    code: 'deleted-experiment',
    fault: 'user',
    message: /"churn" of MLflow at http:\/\/127.*is deleted/,
    todo: /mlflow experiments restore --experiment-id 1.*rename/,
  });
});

test('mlflow tracker: files go through the server; where it does not take them it is said before the work, and the run goes on', async (context) => {
  const { server, tracker } = await emptyTracker(context, { prefix: '/tools/mlflow' });
  const file = join(await scratchFolder(context), 'x.csv');
  await writeFile(file, 'a,b');
  const id = await tracker.start(run, signal);
  await tracker.artifact(id, 'a b/ü?#%.csv', file, signal);
  assert.deepEqual([...server.files.keys()], [`1/${id}/artifacts/a b/ü?#%.csv`]);
  await assert.rejects(tracker.artifact(id, '../x', file, signal), { code: 'bad-path' });

  const bucket = await emptyTracker(context, { artifactRoot: 's3://bucket' });
  const other = await bucket.tracker.start(run, signal);
  assert.match(
    bucket.said.join('\n'),
    /keeps no files of this run: the server wants clients to write to s3: themselves\. .*--serve-artifacts/,
  );
  await bucket.tracker.artifact(other, 'report.html', file, signal);
  assert.match(bucket.said.join('\n'), /report\.html is not kept/);
  await bucket.tracker.finish(other, 'finished', signal);
  assert.equal(bucket.server.runs.get(other)?.status, 'FINISHED');
  const elsewhere = await emptyTracker(context, { artifactRoot: 'mlflow-artifacts://files.example.com' });
  await elsewhere.tracker.artifact(await elsewhere.tracker.start(run, signal), 'report.html', file, signal);
  assert.equal(elsewhere.server.files.size, 0, 'another host is given nothing');

  server.fault('PUT artifacts', { status: 503, text: 'Endpoint disabled due to the mlflow server running with `--no-serve-artifacts`.' });
  await assert.rejects(tracker.artifact(id, 'report.html', file, signal), {
    code: 'mlflow-keeps-no-files',
    fault: 'user',
    todo: /--serve-artifacts/,
  });
});

test('mlflow tracker: data that went in are inputs of the run, once', async (context) => {
  const { server, tracker } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  const inputs = [
    { name: 'data', kind: 'dataset' as const, uri: 'gs://data/x.csv', digest: 'd'.repeat(64) },
    { name: 'base', kind: 'model' as const, uri: 'hf://a/b', digest: 'e'.repeat(64) },
  ];
  for (const _ of [1, 2]) await tracker.lineage?.(id, { inputs, outputs: [], outcome: 'finished' }, signal);
  assert.deepEqual(
    [...server.runs.get(id)!.datasets.values()],
    [{ name: 'data', digest: 'd'.repeat(36), source_type: 'gs', source: '{"uri":"gs://data/x.csv"}' }],
  );
});
