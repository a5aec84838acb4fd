import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { status } from '@grpc/grpc-js';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { vertexTracker } from '../../../src/providers/trackers/vertex.ts';
import { artifactId, experimentId, runId } from '../../../src/providers/trackers/vertex-names.ts';
import { newRunMetadata, type RunMetadata, withMetrics } from '../../../src/providers/trackers/vertex-run.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { trackerContract } from '../../contracts/tracker.ts';
import { metadataStandIn, PROJECT_NUMBER } from '../../stand-ins/vertex/metadata.ts';
import { clientsOf } from '../google/vertex.ts';

const run = { experiment: 'churn', name: 'churn_2026-11-21', key: 'k1' };
const at = '2026-11-21T10:00:00Z';

async function emptyTracker(context: TestContext) {
  const server = await metadataStandIn(context);
  const files = { store: fileStore(), folder: `${pathToFileURL(await scratchFolder(context)).href}/tracking` };
  const said: string[] = [];
  const again = () => vertexTracker({ clients: clientsOf(context, server), files, pauseMs: 1, log: (line) => said.push(line) });
  const metadata = (id: string) => server.context(id)?.metadata as unknown as RunMetadata;
  return { server, files, said, again, tracker: again(), metadata };
}

const OUTCOMES = { RUNNING: 'running', COMPLETE: 'finished', FAILED: 'failed', CANCELLED: 'killed' } as const;

trackerContract('vertex', async (context) => {
  const { server, again, tracker, metadata } = await emptyTracker(context);
  return {
    tracker,
    again,
    async see(id) {
      const found = metadata(id);
      const artifacts: Record<string, string> = {};
      for (const { displayName, uri } of server.artifactsOf(id))
        artifacts[displayName as string] = await readFile(fileURLToPath(uri as string), 'utf8');
      return {
        outcome: OUTCOMES[found._state],
        params: Object.fromEntries(Object.entries(found._params).map(([name, value]) => [name, String(value)])),
        tags: found.retrain_tags,
        metrics: [
          ...found.retrain_figures.map((name) => ({ name, value: Number(found._metrics[name]) })),
          ...Object.entries(found.retrain_series).flatMap(([name, points]) =>
            points.map(([step, value]) => ({ name, value: Number(value), step })),
          ),
        ],
        artifacts,
      };
    },
  };
});

test('vertex tracker: the layout is that of Google’s SDK: experiment, run below it, params, metrics, state', async (context) => {
  const { server, tracker } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  assert.match(id, /^churn-2026-11-21-[0-9a-f]{8}$/);
  await tracker.params(id, { depth: 6, algorithm: 't5', balanced: true }, signal);
  await tracker.metrics(
    id,
    [
      { name: 'exact_match', value: 0.84, step: 0, at },
      { name: 'syntax_overall', value: Number.NaN, step: 0, at },
    ],
    signal,
  );
  await tracker.finish(id, 'killed', signal);

  const experiment = server.context('churn');
  assert.deepEqual(
    [experiment?.displayName, experiment?.schemaTitle, experiment?.schemaVersion, experiment?.metadata],
    ['churn', 'system.Experiment', '0.0.1', { experiment_deleted: false }],
  );
  const found = server.context(id);
  assert.equal(`churn-${found?.displayName}`, id, 'the SDK composes the id of experiment and name');
  assert.deepEqual([found?.schemaTitle, found?.schemaVersion], ['system.ExperimentRun', '0.0.1']);
  assert.deepEqual(found?.parentContexts, [`projects/${PROJECT_NUMBER}/locations/europe-west4/metadataStores/default/contexts/churn`]);
  const { _params, _metrics, _state } = found?.metadata ?? {};
  assert.deepEqual(
    { _params, _metrics, _state },
    {
      _params: { depth: 6, algorithm: 't5', balanced: 'true' },
      _metrics: { exact_match: 0.84, syntax_overall: 'NaN' },
      _state: 'CANCELLED',
    },
  );
});

test('vertex tracker: the metadata store is made when there is none, also by two at once', async (context) => {
  const { server, again } = await emptyTracker(context);
  const ids = await Promise.all([1, 2].map((key) => again().start({ ...run, key: String(key) }, signal)));
  assert.equal(new Set(ids).size, 2);
  await again().start(run, signal);
  assert.ok(server.calls.filter(({ method }) => method === 'CreateMetadataStore').length <= 2);
});

test('vertex tracker: writers at the same time lose nothing: a stale etag is read again', async (context) => {
  const { again, metadata, server } = await emptyTracker(context);
  const id = await again().start(run, signal);
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => again().params(id, { [name]: name }, signal)));
  assert.deepEqual(Object.keys(metadata(id)._params).sort(), ['a', 'b', 'c', 'd']);
  server.fault('UpdateContext', ...Array.from({ length: 5 }, () => ({ code: status.ABORTED })));
  await again().params(id, { e: 1 }, signal);
  server.fault('UpdateContext', ...Array.from({ length: 9 }, () => ({ code: status.ABORTED })));
  await assert.rejects(again().params(id, { f: 1 }, signal), { code: 'vertex-conflict', fault: 'world' });
});

test('vertex tracker: a run whose making was cut short anywhere is completed by the next', async (context) => {
  const { again, server } = await emptyTracker(context);
  for (const method of ['CreateContext', 'AddContextChildren'] as const) {
    const key = `cut at ${method}`;
    server.fault(method, { code: status.PERMISSION_DENIED });
    await assert.rejects(again().start({ ...run, key }, signal), { code: 'vertex-forbidden', fault: 'user' });
    const id = await again().start({ ...run, key }, signal);
    assert.equal(server.context(id)?.parentContexts?.length, 1, method);
  }
  server.fault('CreateContext', { code: status.UNAVAILABLE, done: true });
  const id = await again().start({ ...run, key: 'lost answer' }, signal);
  assert.equal(await again().start({ ...run, key: 'lost answer' }, signal), id);
});

test('vertex tracker: long parameters go to a file, and their address takes their place', async (context) => {
  const { tracker, again, metadata, server } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  const long = 'x'.repeat(50_000);
  await tracker.params(id, { prompt: long, short: 'y' }, signal);
  const { prompt, short } = metadata(id)._params;
  assert.equal(short, 'y');
  assert.equal(await readFile(fileURLToPath(String(prompt)), 'utf8'), long);

  const bare = vertexTracker({ clients: clientsOf(context, server) });
  await bare.params(id, { prompt: long }, signal);
  assert.match(String(metadata(id)._params.prompt), /^x{1950}… \(50000 characters\)$/);
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`p${index}`, 'z'.repeat(1_900)]));
  await assert.rejects(again().params(id, many, signal), { code: 'run-too-large', fault: 'user' });
});

test('vertex tracker: without a bucket files are left out with a word; with one they are artifacts of the run, once', async (context) => {
  const { server, tracker, files, said } = await emptyTracker(context);
  const file = join(await scratchFolder(context), 'x.csv');
  await writeFile(file, 'a,b');
  const id = await tracker.start(run, signal);
  for (const _ of [1, 2]) await tracker.artifact(id, 'syntax_validation_results.csv', file, signal);
  const [artifact, ...others] = server.artifactsOf(id);
  assert.equal(others.length, 0);
  assert.deepEqual(
    [artifact?.displayName, artifact?.uri, artifact?.schemaTitle, artifact?.state],
    ['syntax_validation_results.csv', `${files.folder}/${id}/syntax_validation_results.csv`, 'system.Artifact', 'LIVE'],
  );
  await assert.rejects(tracker.artifact(id, '../x', file, signal), { code: 'bad-path' });
  const bare = vertexTracker({ clients: clientsOf(context, server), log: (line) => said.push(line) });
  await bare.artifact(id, 'report.html', file, signal);
  assert.match(said.join(), /report\.html is not kept/);
});

test('vertex tracker: what went in and came out hangs on an execution of the run', async (context) => {
  const { server, tracker } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  const lineage = {
    inputs: [{ name: 'data', kind: 'dataset' as const, uri: 'gs://data/x.csv', digest: 'd'.repeat(64) }],
    outputs: [
      { name: 'model', kind: 'model' as const, uri: 'gs://models/3', resource: 'projects/ours-1/locations/europe-west4/models/churn@3' },
    ],
    outcome: 'finished' as const,
  };
  for (const _ of [1, 2]) await tracker.lineage?.(id, lineage, signal);
  const [execution] = server.executionsOf(id);
  assert.deepEqual(
    [execution?.displayName, execution?.schemaTitle, execution?.state],
    [`${id}-train`, 'system.ContainerExecution', 'COMPLETE'],
  );
  assert.deepEqual(
    server.events().map(({ type, artifact }) => [type, artifact?.split('/').at(-1)]),
    [
      ['INPUT', artifactId(id, 'data')],
      ['OUTPUT', artifactId(id, 'model')],
    ],
  );
  assert.deepEqual(
    server.artifactsOf(id).map(({ schemaTitle }) => schemaTitle),
    ['system.Dataset', 'google.VertexModel'],
  );
});

test('vertex tracker: a name that is taken by something else is told', async (context) => {
  const { server, tracker } = await emptyTracker(context);
  await tracker.start(run, signal);
  const client = await clientsOf(context, server).metadata();
  const parent = 'projects/ours-1/locations/europe-west4/metadataStores/default';
  await client.createContext({ parent, contextId: 'taken', context: { schemaTitle: 'system.Pipeline' } });
  await assert.rejects(tracker.start({ ...run, experiment: 'taken' }, signal), {
    code: 'not-an-experiment',
    fault: 'user',
    message: /system\.Pipeline/,
  });
});

test('vertex tracker: ids keep to the rules of Vertex AI, and what is cut stays distinct', () => {
  assert.equal(experimentId('churn'), 'churn');
  assert.equal(experimentId('text_to_sql'), 'text-to-sql');
  assert.match(experimentId('ab'), /^ab-[0-9a-f]{8}$/);
  const long = ['m'.repeat(200), `${'m'.repeat(200)}x`];
  assert.notEqual(experimentId(long[0] as string), experimentId(long[1] as string));
  for (const name of ['ü', '../x', ...long, 'A_b', ''])
    for (const experiment of ['churn', 'ü', ...long]) {
      const { id, run: shown } = runId(experiment, name, 'k');
      assert.match(id, /^[a-z0-9][a-z0-9-]{3,120}$/);
      assert.equal(id, `${experimentId(experiment)}-${shown}`);
    }
});

test('vertex tracker: of many steps the last is the metric, and long series keep every other point and their end', () => {
  const start = newRunMetadata('k', 'n');
  const points = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ name: 'loss', value: 1 / (from + index + 1), step: from + index, at }));
  const three = withMetrics(withMetrics(start, points(2)), points(1, 2));
  assert.equal(three._metrics.loss, 1 / 3);
  assert.deepEqual(three.retrain_series.loss, [
    [0, 1],
    [1, 0.5],
    [2, 1 / 3],
  ]);
  assert.deepEqual(withMetrics(three, [{ name: 'loss', value: 7, at }])._metrics.loss, 7);
  const late = withMetrics(three, [{ name: 'loss', value: 9, step: 1, at }]);
  assert.deepEqual([late._metrics.loss, late.retrain_series.loss?.[1]], [1 / 3, [1, 9]]);
  const many = withMetrics(start, points(20_000));
  assert.ok(JSON.stringify(many).length < 110_000);
  assert.deepEqual(many.retrain_series.loss?.at(-1), [19_999, 1 / 20_000]);
  const wide = Array.from({ length: 9_000 }, (_, index) => ({ name: `metric ${index}`, value: index, step: 1, at }));
  assert.deepEqual(withMetrics(start, wide).retrain_series, {});
});
