import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { status } from '@grpc/grpc-js';
import { fromStruct } from '../../../src/providers/google/struct.ts';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { vertexTracker } from '../../../src/providers/trackers/vertex.ts';
import { artifactId, experimentId, runId } from '../../../src/providers/trackers/vertex-names.ts';
import { newRunMetadata, type RunMetadata, withMetrics } from '../../../src/providers/trackers/vertex-run.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { trackerContract } from '../../contracts/tracker.ts';
import { metadataStandIn, PROJECT_NUMBER } from '../../stand-ins/vertex/metadata.ts';
import { tensorboardServices } from '../../stand-ins/vertex/tensorboard.ts';
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
  };
  // The second time as a run that had failed and was gone on with.
  for (const outcome of ['failed', 'finished'] as const) await tracker.lineage?.(id, { ...lineage, outcome }, signal);
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

const INSTANCE = 'projects/ours-1/locations/europe-west4/tensorboards/77';

test('vertex tracker: with a TensorBoard instance steps are time series there, tied to the run as Google’s SDK ties them; without one nothing is asked', async (context) => {
  const board = tensorboardServices([INSTANCE]);
  const server = await metadataStandIn(context, board.services);
  const trackerOf = (tensorboard?: string) =>
    vertexTracker({ clients: clientsOf(context, server), pauseMs: 1, ...(tensorboard && { tensorboard }) });
  const tracker = trackerOf(INSTANCE);
  const id = await tracker.start(run, signal);
  const name = id.slice('churn-'.length);
  await tracker.metrics(id, [{ name: 'auc_roc', value: 0.9, at }], signal);
  assert.equal(
    server.calls.some(({ method }) => /Tensorboard/.test(method)),
    false,
    'a figure is no time series',
  );

  const loss = (...steps: readonly number[]) => steps.map((step) => ({ name: 'train/loss', value: 1 / step, step, at }));
  await tracker.metrics(id, [...loss(1, 2), { name: 'train/loss', value: Number.NaN, step: 3, at }], signal);
  // Another process goes on with it, and tells again what was told.
  await trackerOf(INSTANCE).metrics(id, loss(1, 2, 4), signal);
  assert.deepEqual(board.seriesOf(name), {
    'train/loss': [
      [1, 1],
      [2, 0.5],
      [4, 0.25],
    ],
  });
  const [tie, ...others] = server.artifactsOf(id).map((artifact) => ({ ...artifact, metadata: fromStruct(artifact.metadata) }));
  const resourceName = `${INSTANCE}/experiments/churn/runs/${name}`;
  assert.deepEqual(
    [others.length, tie?.name?.split('/').at(-1), tie?.schemaTitle, tie?.state, tie?.uri, tie?.metadata],
    [
      0,
      `${id}-tb-run`,
      'google.VertexTensorboardRun',
      'LIVE',
      `https://europe-west4-aiplatform.googleapis.com/v1/${resourceName}`,
      { resourceName, vertex_experiment_tracking: true },
    ],
  );
  assert.deepEqual(board.experiments.get(`${INSTANCE}/experiments/churn`)?.labels, {
    vertex_tensorboard_experiment_source: 'vertex_experiment',
  });
  const many = Array.from({ length: 5_001 }, (_, step) => ({ name: 'lr', value: step, step, at }));
  await tracker.metrics(id, many, signal);
  assert.equal(board.seriesOf(name).lr?.length, 5_001);

  const before = server.calls.length;
  await trackerOf().metrics(id, loss(5), signal);
  assert.equal(
    server.calls.slice(before).some(({ method }) => /Tensorboard/.test(method)),
    false,
  );
  const missing = trackerOf(INSTANCE.replace('77', '78'));
  await assert.rejects(missing.metrics(id, loss(1), signal), { code: 'vertex-missing', message: /tensorboards\/78/ });
  assert.throws(() => trackerOf(INSTANCE.replace('west4', 'west1')), { code: 'tensorboard-elsewhere', fault: 'user' });
});

test('vertex tracker: an evaluation is an artifact in Google’s own schemas, once', async (context) => {
  const { server, tracker } = await emptyTracker(context);
  const id = await tracker.start(run, signal);
  const shown = () =>
    server.artifactsOf(id).map(({ displayName, schemaTitle, metadata }) => [displayName, schemaTitle, fromStruct(metadata)]);
  const roc = [{ falsePositiveRate: 0.25, recall: 0.5, threshold: 0.9 }];
  const confusion = {
    classes: ['no', 'yes'],
    rows: [
      [8, 1],
      [2, 9],
    ],
  };
  for (const accuracy of [0.8, 0.85])
    await tracker.evaluation?.(id, { kind: 'classification', figures: { accuracy, auc_roc: 0.9, ece: 0.1 }, confusion, roc }, signal);
  assert.deepEqual(shown(), [
    [
      'evaluation',
      'google.ClassificationMetrics',
      {
        accuracy: 0.85,
        auRoc: 0.9,
        confusionMatrix: {
          annotationSpecs: [{ displayName: 'no' }, { displayName: 'yes' }],
          rows: [
            [8, 1],
            [2, 9],
          ],
        },
        confidenceMetrics: [{ confidenceThreshold: 0.9, recall: 0.5, falsePositiveRate: 0.25 }],
      },
    ],
  ]);
  for (const [kind, schema] of [
    ['regression', 'google.RegressionMetrics'],
    ['forecast', 'google.ForecastingMetrics'],
  ] as const) {
    const other = await tracker.start({ ...run, key: kind }, signal);
    await tracker.evaluation?.(other, { kind, figures: { rmse: 2, mae: 1, r2: 0.5, mape: 0.1 } }, signal);
    const [artifact] = server.artifactsOf(other);
    assert.deepEqual(
      [artifact?.schemaTitle, fromStruct(artifact?.metadata)],
      [schema, { rootMeanSquaredError: 2, meanAbsoluteError: 1, rSquared: 0.5 }],
    );
  }
});
