import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BUCKET, type GoogleProject, googleProject } from '../../e2e/google-project.ts';
import { ghOnPath } from '../../stand-ins/gh-on-path.ts';
import { keepRun, type StoredRun } from '../../stand-ins/github-runs.ts';
import { googleHosts } from '../../stand-ins/google-hosts.ts';
import { ACCOUNT, googleTokens, PROVIDER } from '../../stand-ins/google-tokens.ts';
import type { WorkflowRun } from '../../stand-ins/workflow-executor.ts';
import { called, ended, logOf, pipeline, results, type Started, started, stepOf, template } from '../started.ts';

const IMAGE = `europe-docker.pkg.dev/ours-1/trainers/own@sha256:${'a'.repeat(64)}`;
const ago = (minutes: number) => `${new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 19)}Z`;

/** The repository of a team whose models are trained, kept and logged by Google, and who may enter there. */
async function withGoogle(context: TestContext) {
  const here = await started(context);
  const google = await googleProject(context, {});
  const tokens = await googleTokens(context, { seconds: 3_600 });
  const hosts = await googleHosts(context, {
    region: 'europe-west4',
    tokens: tokens.origin,
    storage: google.gcs.endpoint,
    vertex: google.env.RETRAIN_VERTEX_ENDPOINT!,
    mayEnter: (token) => tokens.minted.impersonated.includes(token),
  });
  const file = pipeline(here.project, 'churn')
    .replace('registry: git', `registry: vertex\ntracker: vertex\nstore: gs://${BUCKET}/retrain`)
    .replace('train: { ', `train: { backend: vertex, wait: detached, image: "${IMAGE}", trainer: command, algorithms: [tenure], `);
  await here.project.write('repository/pipelines/churn.yaml', file);
  const workflow = (await template('one-model.yml'))
    .replace('retrain.yml@v1', 'retrain-google.yml@v1')
    .replace(/^( +)pull-requests: write.*$/m, '$&\n$1id-token: write # Google Cloud is told who asks');
  const { ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN } = tokens.env;
  const stored: StoredRun = {
    id: 1,
    workflow: 'train.yml',
    event: 'workflow_dispatch',
    title: 'Train',
    created: ago(600),
    status: 'in_progress',
  };
  here.github.workflowRuns.push(stored);
  const request = {
    workflow,
    vars: {
      GOOGLE_CLOUD_PROJECT: 'ours-1',
      GOOGLE_CLOUD_REGION: 'europe-west4',
      RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER: PROVIDER,
      RETRAIN_GOOGLE_SERVICE_ACCOUNT: ACCOUNT,
    },
    identity: {
      ACTIONS_ID_TOKEN_REQUEST_URL: ACTIONS_ID_TOKEN_REQUEST_URL!,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: ACTIONS_ID_TOKEN_REQUEST_TOKEN!,
    },
    machine: { env: hosts.env },
  };
  const attempt = async (previous?: WorkflowRun, again = here.github.reruns.at(-1)?.job) => {
    const run = await here.run('one-model.yml', 1, { ...request, ...(previous && { previous, again }) });
    keepRun(stored, run);
    // As if nobody had looked for a while.
    stored.started = ago(10 * run.attempt + 1);
    return run;
  };
  return { here, google, tokens, hosts, attempt };
}

/** A pass of resume.yml; gives the jobs it has started. */
async function lookOnce({ github, project, run }: Started): Promise<readonly string[]> {
  const before = github.reruns.length;
  const pass = await run('resume.yml', 900 + before, {
    github: { event_name: 'schedule' },
    machine: { paths: [await ghOnPath(project.folder)] },
  });
  assert.equal(pass.result, 'success', logOf(pass));
  return github.reruns.slice(before).map(({ run, job }) => `${run} ${job}`);
}

const trained = ({ jobs: { jobs } }: GoogleProject) => Promise.all(jobs.map((job) => job.ended));
const submitted = ended('success', 'success', 'skipped', 'skipped');

test('retrain-google.yml with a job that nobody waits for: submitted and green, gone on with by resume.yml, each job made once, registered and promoted; no key, only tokens', async (context) => {
  const { here, google, tokens, hosts, attempt } = await withGoogle(context);
  await here.behave('waits');
  const first = await attempt();
  assert.deepEqual(results(called(first)), submitted, logOf(first));
  assert.deepEqual([first.result, called(first).outputs.outcome, called(first).outputs.run], ['success', 'submitted', 'churn-1']);
  assert.equal(google.jobs.jobs.length, 1);
  assert.match(stepOf(called(first), 'report', 'report').summary, /submitted/i);

  // It still runs: the second attempt finds it, makes no other, and lets go of its runner again.
  assert.deepEqual(await lookOnce(here), ['1 retrain.train']);
  const second = await attempt(first);
  assert.deepEqual(results(called(second)), submitted, logOf(second));
  assert.deepEqual([second.attempt, called(second).outputs.outcome, google.jobs.jobs.length], [2, 'submitted', 1]);
  assert.equal(called(second).jobs.prepare, called(first).jobs.prepare, 'nothing is prepared twice');

  await here.behave('');
  await trained(google);
  assert.deepEqual(await lookOnce(here), ['1 retrain.train']);
  const third = await attempt(second);
  assert.deepEqual([called(third).outputs.outcome, google.jobs.jobs.length], ['submitted', 2], logOf(third));

  await trained(google);
  assert.deepEqual(await lookOnce(here), ['1 retrain.train']);
  const last = await attempt(third);
  assert.deepEqual(results(called(last)), ended('success', 'success', 'success', 'success'), logOf(last));
  assert.deepEqual(called(last).outputs, { outcome: 'passed', reason: '', run: 'churn-1', version: '1', promoted: 'true' });
  assert.deepEqual(await lookOnce(here), [], 'nothing waits any more');

  assert.equal(await here.fits(), 1);
  assert.deepEqual(
    google.jobs.jobs.map(({ state, starts, body }) => [state, starts, body.labels['retrain-run']]),
    [
      ['JOB_STATE_SUCCEEDED', 1, 'churn-1'],
      ['JOB_STATE_SUCCEEDED', 1, 'churn-1'],
    ],
  );
  const [version] = google.versionsOf('churn');
  assert.ok(version?.versionAliases?.includes('champion'), JSON.stringify(version));
  // What one stage hands to another is an output, too: the model's address, the run's name among the experiments, the registered model.
  const model = stepOf(called(last), 'train', 'train').outputs['model-uri'] ?? '';
  assert.ok(model.startsWith(`gs://${BUCKET}/retrain/churn-1/train/`) && model.endsWith('/model/'), model);
  const kept = model.slice(`gs://${BUCKET}/`.length);
  assert.ok(google.stored(/\/model\/tenure\.json$/).includes(`${kept}tenure.json`), kept);
  assert.match(stepOf(called(last), 'report', 'report').outputs['run-name'] ?? '', /^churn_\d{4}-\d\d-\d\d$/);
  assert.match(stepOf(called(last), 'publish', 'register').outputs['registered-model'] ?? '', /\/models\/[^/]+@1$/);
  const methods = new Set(google.calls.map(({ method }) => method));
  for (const method of ['CreateCustomJob', 'UploadModel', 'MergeVersionAliases', 'CreateContext']) assert.ok(methods.has(method), method);

  // Every call says who asks, by a token made of GitHub's word for this job.
  const given = new Set(tokens.minted.impersonated.map((token) => `Bearer ${token}`));
  for (const { method, authorization } of google.calls) assert.ok(given.has(authorization ?? ''), `${method}: ${authorization}`);
  assert.deepEqual(hosts.refused, []);
  assert.deepEqual([...new Set(hosts.connections)].sort(), [
    'europe-west4-aiplatform.googleapis.com',
    'iamcredentials.googleapis.com',
    'storage.googleapis.com',
    'sts.googleapis.com',
  ]);
  assert.doesNotMatch(logOf(last), /ya29\.|eyJ/);
  context.diagnostic(
    `${tokens.minted.identity.length} identity tokens, ${google.calls.length} calls of Vertex AI, ${hosts.connections.length} connections`,
  );
});

test('a second attempt after the artifacts have expired: red, with what to do; all jobs again take over the job that ended', async (context) => {
  const { here, google, attempt } = await withGoogle(context);
  const first = await attempt();
  assert.equal(called(first).outputs.outcome, 'submitted', logOf(first));
  await trained(google);
  here.artifacts.expire();
  assert.deepEqual(await lookOnce(here), ['1 retrain.train']);
  const late = await attempt(first);
  assert.equal(late.result, 'failure');
  const { outputs, log } = stepOf(called(late), 'train', 'restore');
  assert.equal(outputs.reason, 'no-artifact', log.join('\n'));
  assert.match(log.join('\n'), /Run all jobs again if the artifact has expired/);
  assert.deepEqual(await lookOnce(here), [], 'once is enough');

  const anew = await attempt(late, '*');
  assert.equal(anew.attempt, 3);
  assert.equal(called(anew).outputs.outcome, 'submitted', logOf(anew));
  assert.equal(await here.fits(), 1, 'the fit is taken over');
  assert.equal(google.jobs.jobs.length, 2, 'now it predicts');
});
