import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readArguments } from '../../src/hosts/cli/arguments.ts';
import { doctor } from '../../src/hosts/cli/doctor.ts';
import { type JobsOptions, vertexJobs } from '../stand-ins/vertex/jobs.ts';
import { vertexStandIn } from '../stand-ins/vertex/server.ts';
import { within } from './appears.ts';
import { customers } from './customers.ts';
import { ownPipeline } from './own-trainer.ts';
import { Project, ROOT, recordOf } from './support.ts';

const IMAGE = `europe-docker.pkg.dev/ours-1/trainers/own@sha256:${'a'.repeat(64)}`;
const TRAINER = join(ROOT, 'test', 'e2e', 'fixtures', 'own-trainer.mjs');

const pipeline = (way: string, train: string): string =>
  ownPipeline(way, {
    train: `, backend: vertex, image: "${IMAGE}"${train}`,
    more: 'google: { project: ours-1, region: europe-west4 }\nstore: file:store\n',
  }).replace('own-trainer.mjs', TRAINER);

async function begin(t: TestContext, text: string, options: JobsOptions = {}) {
  const jobs = await vertexJobs(t, options);
  const service = await vertexStandIn(t, { JobService: jobs.handlers });
  const project = await Project.make({ 'churn.yaml': text, 'data.csv': customers(120) });
  t.after(() => project[Symbol.asyncDispose]());
  const retrain = (...args: string[]) => project.retrain(args, { RETRAIN_VERTEX_ENDPOINT: service.endpoint });
  return { jobs, service, project, retrain };
}

test('detached: the run ends as submitted, is picked up where it left as often as it takes, and each job is made once', async (t) => {
  const { jobs, project, retrain } = await begin(t, pipeline('waits-for-go', ', wait: detached'));
  const first = await retrain('run', 'churn.yaml');
  assert.equal(first.code, 0, first.out + first.err);
  const run = await project.lastRun();
  assert.deepEqual([run.outcome, recordOf(run, 'train').outcome, recordOf(run, 'train').verdict], ['submitted', 'submitted', undefined]);
  assert.match(recordOf(run, 'train').found, /^job \d+ is (?:queued|running) at vertex$/);
  assert.deepEqual(
    run.records.map(({ stage }) => stage).filter((stage) => ['evaluate', 'register', 'promote', 'report'].includes(stage)),
    ['report'],
    'the report tells of it, and nothing else comes after it',
  );

  const early = await retrain('resume', 'churn.yaml');
  assert.equal(early.code, 0, early.out + early.err);
  assert.equal((await project.lastRun()).outcome, 'submitted', 'it still runs');
  assert.equal(jobs.jobs.length, 1);

  await writeFile(join(jobs.folder, 'go'), '');
  await jobs.jobs[0]!.ended;
  const fitted = await retrain('resume', 'churn.yaml');
  assert.equal(fitted.code, 0, fitted.out + fitted.err);
  assert.equal((await project.lastRun()).outcome, 'submitted', 'now it predicts');
  assert.equal(jobs.jobs.length, 2);
  await jobs.jobs[1]!.ended;

  const last = await retrain('resume', 'churn.yaml');
  assert.equal(last.code, 0, last.out + last.err);
  const runs = await project.runs();
  assert.deepEqual([runs.length, runs[0]!.id, runs[0]!.outcome, runs[0]!.version], [1, run.id, 'passed', 1]);
  assert.deepEqual(
    jobs.jobs.map(({ state, starts }) => `${state} ${starts}`),
    ['JOB_STATE_SUCCEEDED 1', 'JOB_STATE_SUCCEEDED 1'],
  );
  assert.equal((await retrain('resume', 'churn.yaml')).out, 'No run of churn waits to be gone on with.\n');
});

test('attached: Ctrl-C cancels the job at once; killed instead, the next run of the same work attaches to it', async (t) => {
  const { jobs, project, service } = await begin(t, pipeline('waits-for-go', ''));
  const start = () => project.start(['run', 'churn.yaml'], { RETRAIN_VERTEX_ENDPOINT: service.endpoint });
  const running = (at: number) => within(60_000, 'The job', async () => jobs.jobs[at]?.state === 'JOB_STATE_RUNNING');

  const cancelled = start();
  await running(0);
  cancelled.child.kill('SIGINT');
  assert.equal((await cancelled.ended).code, 130);
  assert.match(jobs.jobs[0]!.state, /CANCELL/);

  const killed = start();
  await running(1);
  killed.child.kill('SIGKILL');
  await killed.ended;
  assert.equal(jobs.jobs[1]!.state, 'JOB_STATE_RUNNING', 'it goes on without us');
  await writeFile(join(jobs.folder, 'go'), '');
  const next = await start().ended;
  assert.equal(next.code, 0, next.out + next.err);
  assert.equal(jobs.jobs.length, 3, 'cancelled, the fit that was attached to, and a prediction');
  assert.equal((await project.lastRun()).outcome, 'passed');
});

test('check says what is wrong before anything is asked for: machine, image, store', async (t) => {
  const machine = ', device: gpu, machine: { type: g2-standard-8, accelerator: NVIDIA_L4, count: 2 }';
  const { retrain, service } = await begin(
    t,
    pipeline('good', machine)
      .replace(`@sha256:${'a'.repeat(64)}`, ':latest')
      .replace(/^store:.*$/m, ''),
  );
  const found = await retrain('check', 'churn.yaml');
  assert.equal(found.code, 2, found.out);
  assert.match(
    found.err,
    /train\.machine\.count: g2-standard-8 has exactly 1 × NVIDIA_L4, found 2\. With 2: g2-standard-24 \(2 × NVIDIA_L4\)\./,
  );
  assert.match(found.err, /train\.image: expected an image by digest \(NAME@sha256:…\), found .*:latest/);
  assert.match(found.err, /store: expected a bucket \(gs:\/\/BUCKET\/FOLDER\), because of train\.backend: vertex; found nothing\./);
  assert.equal(service.calls.length, 0);
});

test('forced, or told to train on the same key again: its own jobs, which it alone goes on with; nobody else’s are taken over', async (t) => {
  const { jobs, project, service, retrain } = await begin(t, pipeline('waits-for-go', ''));
  const fits = () => jobs.jobs.filter(({ body }) => / fit-/.test(body.displayName));
  const go = join(jobs.folder, 'go');
  await writeFile(go, '');
  assert.equal((await retrain('run', 'churn.yaml')).code, 0);
  await rm(go);

  const forced = project.start(['run', 'churn.yaml', '--force'], { RETRAIN_VERTEX_ENDPOINT: service.endpoint });
  await within(60_000, 'The forced job', async () => fits()[1]?.state === 'JOB_STATE_RUNNING');
  forced.child.kill('SIGKILL');
  await forced.ended;
  await writeFile(go, '');
  const resumed = await retrain('resume', 'churn.yaml');
  assert.equal(resumed.code, 0, resumed.out + resumed.err);
  assert.equal(fits().length, 2, 'it attached to its own');
  const again = await project.lastRun();
  assert.ok(again.force);
  assert.match(recordOf(again, 'train').found, /forced: no other run’s work was taken over$/);

  const told = await retrain('run', 'churn.yaml', '--set', 'run.on-same-key=retrain');
  assert.equal(told.code, 0, told.out + told.err);
  assert.equal(fits().length, 3);
  assert.match(recordOf(await project.lastRun(), 'train').found, /run\.on-same-key: retrain: no other run’s work was taken over$/);
  assert.ok(fits().every(({ state }) => state === 'JOB_STATE_SUCCEEDED'));
});

test('plan says what jobs run on; doctor finds those under way, says which are waited for, and cancels one that is not', async (t) => {
  const { jobs, project, service, retrain } = await begin(t, pipeline('waits-for-go', ', wait: detached'));
  const asked = async (...argv: string[]) => {
    const said: string[] = [];
    const screen = { write: (text: string) => said.push(text), interactive: false, columns: 80, colour: false };
    const env = { PATH: process.env.PATH, RETRAIN_VERTEX_ENDPOINT: service.endpoint };
    const door = {
      cwd: project.folder,
      root: ROOT,
      version: '0',
      env,
      clock: () => new Date(),
      signal: t.signal,
      out: screen,
      err: screen,
    };
    const code = await doctor.run(readArguments(['churn.yaml', ...argv], doctor.options, 1), door);
    return { code, out: said.join('') };
  };
  const planned = await retrain('plan', 'churn.yaml');
  assert.match(planned.out, /train +run +As jobs of Vertex AI in europe-west4, each on n1-standard-8;/);
  assert.doesNotMatch(planned.out, /moving-image|no region/);

  assert.equal((await retrain('run', 'churn.yaml')).code, 0);
  const [job] = jobs.jobs;
  const id = job!.name.split('/').at(-1)!;
  const waiting = await asked();
  assert.match(
    waiting.out,
    new RegExp(`^✓ job +${id} of churn-\\S+, (?:queued|running) since \\S+Z: \`retrain resume churn\\.yaml\` goes on`, 'm'),
  );

  await rm(join(project.folder, '.retrain/runs'), { recursive: true });
  const orphan = await asked();
  assert.notEqual(orphan.code, 0);
  assert.match(
    orphan.out,
    new RegExp(`^✗ job +${id} .*no run of this home began it\\..*\`retrain doctor churn\\.yaml --cancel ${id}\``, 'm'),
  );
  await assert.rejects(asked('--cancel', '17'), { code: 'no-job', todo: `Under way: ${id}.` });
  assert.match(job!.state, /RUNNING|PENDING|QUEUED/);
  assert.match((await asked('--cancel', id)).out, new RegExp(`^✓ job +${id} .*told to end, cancelled$`, 'm'));
  assert.match(job!.state, /CANCEL/);
  await job!.ended;
  assert.doesNotMatch((await asked()).out, / job /);
});
