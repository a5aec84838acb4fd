import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { Manifest } from '../../src/kernel/record.ts';
import { fromStruct } from '../../src/providers/google/struct.ts';
import { vertexJobs } from '../stand-ins/vertex/jobs.ts';
import { metadataServices, metadataStandIn } from '../stand-ins/vertex/metadata.ts';
import { type Fault, vertexStandIn } from '../stand-ins/vertex/server.ts';
import { within } from './appears.ts';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { Project, ROOT, recordOf } from './support.ts';

const VERTEX = 'tracker: vertex\ngoogle: { project: ours-1, region: europe-west4 }\n';

async function project(t: TestContext, way: string, more: string) {
  const made = await ownProject({ 'churn.yaml': ownPipeline(way, { more }), 'data.csv': customers(120) });
  t.after(() => made[Symbol.asyncDispose]());
  return made;
}

/** A trainer that waits must not outlive a test that fails. */
function begun(t: TestContext, made: Project, verb: string, env: Readonly<Record<string, string>>, file = 'churn.yaml') {
  const started = made.start([verb, file], env);
  t.after(() => started.child.kill('SIGKILL'));
  return started;
}

const warningsOf = (run: Manifest, stage: string) => recordOf(run, stage).warnings.map(({ code }) => code);

test('tracker file: while the trainer works, its run is there with parameters and first figures; at the end it is the report’s', async (t) => {
  const made = await project(t, 'tells-and-waits', '');
  const started = begun(t, made, 'run', {});
  const tracking = join(made.folder, '.retrain', 'tracking', 'churn');
  let folder = '';
  const points = async () =>
    (await made.read(join(folder, 'metrics.jsonl')).catch(() => ''))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  await within(60_000, 'The first figures', async () => {
    const [name] = await readdir(tracking).catch(() => [] as string[]);
    folder = join('.retrain', 'tracking', 'churn', name ?? '');
    return (await points()).length > 0;
  });
  const early = await made.json(join(folder, 'run.json'));
  const params = early.params as Record<string, unknown>;
  assert.deepEqual(
    [early.outcome, params.steps, params['train.trainer'], typeof params.seed, typeof params.machine],
    ['running', 200, 'command', 'string', 'string'],
  );
  assert.equal(params['train.train'], undefined, 'no paths of this machine');
  assert.equal((await points())[0].name, 'loss');
  assert.equal(
    (await made.lastRun()).records.some(({ stage }) => stage === 'train'),
    false,
    'it is not over',
  );

  await made.write('go', ' ');
  const ended = await started.ended;
  assert.equal(ended.code, 0, ended.out + ended.err);
  const run = await made.lastRun();
  assert.equal((await made.json(join(folder, 'run.json'))).outcome, 'finished');
  const found = await points();
  assert.deepEqual(
    found.filter(({ name }) => name === 'loss').map(({ step, value }) => [step, value]),
    [
      [1, 0.9],
      [2, 0.6],
    ],
  );
  assert.equal(found.filter(({ name, step }) => name === 'auc_roc' && step === undefined).length, 1);
  assert.deepEqual(warningsOf(run, 'train'), []);

  // Nobody tracks it: the same key, and the same record but for times.
  const quiet = await project(t, 'tells-and-waits', 'tracker: []\n');
  await quiet.write('go', ' ');
  assert.equal((await quiet.retrain(['run', 'churn.yaml'])).code, 0);
  const untracked = await quiet.lastRun();
  const same = ({ inputs, outputs, metrics, curves, warnings }: Manifest['records'][number]) => ({
    inputs,
    outputs,
    metrics,
    curves,
    warnings,
  });
  assert.equal(untracked.key, run.key);
  assert.deepEqual(same(recordOf(untracked, 'train')), same(recordOf(run, 'train')));
});

test('tracker vertex: jobs of Vertex AI stand in the run, which shows parameters and figures while they run; attached to again, each point is there once', async (t) => {
  const jobs = await vertexJobs(t);
  const { services, context, artifactsOf } = metadataServices();
  const server = await vertexStandIn(t, { ...services, JobService: jobs.handlers });
  const image = `europe-docker.pkg.dev/ours-1/trainers/own@sha256:${'a'.repeat(64)}`;
  const text = ownPipeline('tells-and-waits', { train: `, backend: vertex, image: "${image}"`, more: `${VERTEX}store: file:store\n` });
  const made = await Project.make({
    'churn.yaml': text.replace('own-trainer.mjs', join(ROOT, 'test', 'e2e', 'fixtures', 'own-trainer.mjs')),
    'data.csv': customers(120),
  });
  t.after(() => made[Symbol.asyncDispose]());
  const start = (verb: string) => begun(t, made, verb, { RETRAIN_VERTEX_ENDPOINT: server.endpoint });
  const runs = () =>
    server.calls.flatMap(({ method, request }) => (method === 'CreateContext' ? [(request as { contextId: string }).contextId] : []));
  const shown = () => context(runs()[1] ?? '')?.metadata as Record<string, Record<string, unknown>> | undefined;

  const killed = start('run');
  await within(60_000, 'The first figures', async () => shown()?._metrics?.loss === 0.6);
  assert.deepEqual(
    [shown()?._state, shown()?._params?.machine, shown()?._params?.['train.backend']],
    ['RUNNING', 'n1-standard-8', 'vertex'],
  );
  const { experiment, experimentRun } = jobs.jobs[0]!.body.jobSpec!;
  const parent = 'projects/ours-1/locations/europe-west4/metadataStores/default/contexts';
  assert.deepEqual([experiment, experimentRun], [`${parent}/churn`, `${parent}/${runs()[1]}`]);
  const jobsOf = () => (shown()?._custom_jobs as unknown as { custom_job_resource_name: string; custom_job_console_uri: string }[]) ?? [];
  await within(60_000, 'The job in its run', async () => jobsOf().length === 1);
  assert.match(
    jobsOf()[0]!.custom_job_console_uri,
    /^https:\/\/console\.cloud\.google\.com\/vertex-ai\/locations\/europe-west4\/training\/4000000000\?/,
  );
  killed.child.kill('SIGKILL');
  await killed.ended;

  await writeFile(join(jobs.folder, 'go'), '');
  const next = await start('resume').ended;
  assert.equal(next.code, 0, next.out + next.err);
  assert.deepEqual(runs().length, 2, 'an experiment and one run');
  assert.deepEqual(
    jobsOf().map(({ custom_job_resource_name }) => custom_job_resource_name),
    jobs.jobs.map(({ name }) => name),
    'the fit, which was attached to, once, and the prediction',
  );
  assert.equal(shown()?._state, 'COMPLETE');
  assert.deepEqual(shown()?.retrain_series?.loss, [
    [1, 0.9],
    [2, 0.6],
  ]);
  assert.ok(typeof shown()?._metrics?.auc_roc === 'number');
  const evaluation = artifactsOf(runs()[1] ?? '').find(({ schemaTitle }) => schemaTitle === 'google.ClassificationMetrics');
  const { confusionMatrix, confidenceMetrics } = fromStruct(evaluation?.metadata) as {
    confusionMatrix: { annotationSpecs: object[]; rows: number[][] };
    confidenceMetrics: { confidenceThreshold: number; recall: number; falsePositiveRate: number }[];
  };
  assert.deepEqual(confusionMatrix.annotationSpecs, [{ displayName: 'no' }, { displayName: 'yes' }]);
  const judged = recordOf(await made.lastRun(), 'evaluate').metrics.find(({ name }) => name === 'accuracy');
  const [[right, ...others], [wrong, hits]] = confusionMatrix.rows as [[number, number], [number, number]];
  assert.equal(right + others[0]! + wrong + hits, judged?.n);
  assert.ok(Math.abs((right + hits) / judged!.n - judged!.value!) < 1e-12, 'rows are the truth, columns the prediction');
  assert.deepEqual(confidenceMetrics[0], { confidenceThreshold: 1, recall: 0, falsePositiveRate: 0 });
  assert.deepEqual([confidenceMetrics.at(-1)?.recall, confidenceMetrics.at(-1)?.falsePositiveRate], [1, 1]);
});

for (const [what, faults, where] of [
  ['forbids', Array.from({ length: 20 }, () => ({ code: status.PERMISSION_DENIED })), ['train', 'report']],
  ['hangs while the trainer works', [{ hang: true }], ['train']],
] as const satisfies readonly (readonly [string, readonly Fault[], readonly string[]])[])
  test(`tracker vertex ${what}: the run is green, with a warning`, async (t) => {
    const server = await metadataStandIn(t);
    server.fault('GetMetadataStore', ...faults);
    const made = await project(t, 'good', VERTEX);
    const ended = await made.retrain(['run', 'churn.yaml'], { RETRAIN_VERTEX_ENDPOINT: server.endpoint });
    assert.equal(ended.code, 0, ended.out + ended.err);
    const run = await made.lastRun();
    assert.equal(run.outcome, 'passed');
    for (const stage of ['train', 'report'])
      assert.deepEqual(warningsOf(run, stage), (where as readonly string[]).includes(stage) ? ['tracker-failed'] : []);
  });

test('tracker vertex: a run that was cancelled and one that failed end as such, and that is written last', async (t) => {
  const server = await metadataStandIn(t);
  const made = await ownProject({
    'churn.yaml': ownPipeline('tells-and-waits', { more: VERTEX }).replace('algorithms: [own]', 'algorithms: [own, slow]'),
    'fails.yaml': ownPipeline('exits-1', { more: VERTEX }).replace('name: churn', 'name: fails'),
    'data.csv': customers(120),
  });
  t.after(() => made[Symbol.asyncDispose]());
  const start = (file: string) => begun(t, made, 'run', { RETRAIN_VERTEX_ENDPOINT: server.endpoint }, file);
  const written = () =>
    server.calls.flatMap(({ method, request }) =>
      method === 'UpdateContext' ? [fromStruct((request as { context: { metadata: never } }).context.metadata)] : [],
    ) as unknown as readonly { readonly _state: string; readonly _params: object; readonly _metrics: object }[];

  const cancelled = start('churn.yaml');
  await within(60_000, 'The first figures', async () => 'own.loss' in (written().at(-1)?._metrics ?? {}));
  cancelled.child.kill('SIGINT');
  assert.equal((await cancelled.ended).code, 130);
  const last = written().at(-1);
  assert.equal(last?._state, 'CANCELLED');
  assert.deepEqual(
    Object.keys(last?._params ?? {}).filter((name) => name.endsWith('steps')),
    ['own.steps', 'slow.steps'],
    'of several algorithms each has its name',
  );

  assert.equal((await start('fails.yaml').ended).code, 2);
  assert.equal(written().at(-1)?._state, 'FAILED');
  assert.deepEqual(
    (await made.runs()).map(({ outcome, records }) => [outcome, records.flatMap(({ warnings }) => warnings)]),
    [
      ['cancelled', []],
      ['errored', []],
    ],
  );
});
