import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUCKET, googleProject } from './google-project.ts';
import { ROOT, recordOf } from './support.ts';

const IMAGE = `europe-docker.pkg.dev/ours-1/trainers/own@sha256:${'a'.repeat(64)}`;
const TRAINER = join(ROOT, 'test', 'e2e', 'fixtures', 'sql-trainer.mjs');
const PIPELINE = `version: 1
name: sql
task: text-to-sql
target: sql
key: id
google: { project: ours-1, region: europe-west4 }
store: gs://${BUCKET}/retrain
registry: vertex
tracker: vertex
run: { retries: 0 }
fetch-data: { source: data.csv }
prepare-data: { split: { test: 50 % } }
train:
  backend: vertex
  wait: detached
  image: ${IMAGE}
  trainer: command
  command: [node, ${TRAINER}]
  algorithms: [parrot]
  params: { right: 0.4 }
  search: { method: none }
evaluate: { gates: { exact_match: ">= 0.2" } }
syntax-validate: { dialect: sqlite, gates: { validity: ">= 0.9" } }
`;
const DATA = [
  'id,input_text,db_id,sql_complexity,sql',
  ...Array.from(
    { length: 600 },
    (_, i) => `q${i},what is x of ${i}?,shop,${i % 3 ? 'basic SQL' : 'subqueries'},SELECT name FROM tq${i} WHERE x = 1`,
  ),
  '',
].join('\n');
const REGISTRY = `vertex:gs://${BUCKET}/retrain/registry`;

test('whole on Google: bucket, jobs, registry and experiment; submitted, resumed, and beaten by the next run', async (t) => {
  const google = await googleProject(t, { 'sql.yaml': PIPELINE, 'data.csv': DATA });
  const { project, jobs, retrain } = google;

  const begun = await retrain('run', 'sql.yaml');
  assert.equal(begun.code, 0, begun.out + begun.err);
  assert.equal((await project.lastRun()).outcome, 'submitted');
  for (let resumed = 0; resumed < 2; resumed++) {
    await Promise.all(jobs.jobs.map(({ ended }) => ended));
    const ended = await retrain('resume', 'sql.yaml');
    assert.equal(ended.code, 0, ended.out + ended.err);
  }
  const first = await project.lastRun();
  assert.deepEqual([first.outcome, first.version, first.promoted], ['passed', 1, true]);
  assert.deepEqual(
    first.records.flatMap(({ warnings }) => warnings.map(({ code }) => code)).filter((code) => /failed/.test(code)),
    [],
  );

  // The jobs: one fit, one prediction; label, package, inputs, live log, checkpoint and results lie in the bucket.
  assert.deepEqual(
    jobs.jobs.map(({ state, body }) => [state, body.displayName.split(' ')[1]?.replace(/-[0-9a-f]+$/, ''), body.labels['retrain-model']]),
    [
      ['JOB_STATE_SUCCEEDED', 'fit-parrot', 'sql'],
      ['JOB_STATE_SUCCEEDED', 'predict-parrot', 'sql'],
    ],
  );
  const [fit] = jobs.jobs;
  assert.match(fit!.body.labels['retrain-key']!, /^[0-9a-f]{63}$/);
  assert.equal(fit!.body.labels['retrain-run'], first.id.toLowerCase());
  const base = fit!.body.jobSpec!.baseOutputDirectory!.outputUriPrefix;
  assert.ok(base.startsWith(`gs://${BUCKET}/retrain/${first.id}/fit-parrot-`), base);
  const within = base.slice(`gs://${BUCKET}/`.length);
  assert.equal(google.stored(/^retrain\/packages\/retrain_trainers-1\.0\.0-[0-9a-f]{16}\.tar\.gz$/).length, 1);
  assert.equal(google.stored(/^retrain\/launches\/[0-9a-f]{64}\.json$/).length, 2);
  const log = google
    .stored(new RegExp(`^${within}/live/.*-log\\.txt$`))
    .map(google.text)
    .join('');
  assert.match(log, /^attempt 1, \d+ cores, Python 3/);
  assert.match(log, /learning to be right in 0\.4 of all cases/);
  assert.match(
    google
      .stored(new RegExp(`^${within}/live/.*-progress\\.jsonl$`))
      .map(google.text)
      .join(''),
    /"right":0\.4/,
  );
  const latest = JSON.parse(google.text(`${within}/checkpoints/latest.json`)) as { folder: string; files: object };
  assert.deepEqual(Object.keys(latest.files), ['state.json']);
  assert.equal(JSON.parse(google.text(`${within}/checkpoints/${latest.folder}/state.json`)).right, 0.4);
  assert.ok(google.stored(new RegExp(`^${within}/(?:output/model/skill|result)\\.json$`)).length === 2);

  const second = await retrain('run', 'sql.yaml', '--set', 'train.wait=attached', '--set', 'train.params={right: 0.7}');
  assert.equal(second.code, 0, second.out + second.err);
  const better = await project.lastRun();
  assert.deepEqual([better.version, better.promoted], [2, true]);
  const comparison = recordOf(better, 'evaluate').comparison!;
  assert.deepEqual([comparison.verdict, comparison.guards[0]?.metric], ['better', 'f1_score'], 'the champion was asked on the same rows');
  assert.equal(jobs.jobs.length, 5, 'a fit, its prediction, and that of the champion');
  assert.ok(jobs.jobs.every(({ state, starts }) => state === 'JOB_STATE_SUCCEEDED' && starts === 1));

  // The registry on Vertex AI: the second upload is a version of the first, and the aliases moved.
  const uploads = google.calls.filter(({ method }) => method === 'UploadModel').map(({ request }) => request as Record<string, unknown>);
  assert.deepEqual(
    uploads.map(({ parentModel, modelId }) => [parentModel, modelId]),
    [
      ['', 'sql'],
      ['projects/ours-1/locations/europe-west4/models/sql', ''],
    ],
  );
  const [one, two] = google.versionsOf('sql');
  assert.deepEqual([one?.versionAliases, [...(two?.versionAliases ?? [])].sort()], [['previous'], ['champion', 'default']]);
  assert.match(two?.labels?.metric_exact_match ?? '', /^0_7/);
  const model = two!.artifactUri!.slice(`gs://${BUCKET}/`.length);
  assert.equal(JSON.parse(google.text(`${model}/skill.json`)).right, 0.7);

  // The experiment: parameters, figures, and where the CSV files lie.
  const logged = google.calls.findLast(({ method }) => method === 'UpdateContext')!.request as { context: { name: string } };
  const run = google.metadata.context(logged.context.name.split('/').at(-1)!)!;
  const { _params, _metrics, _state } = run.metadata as Record<'_params' | '_metrics', Record<string, unknown>> & { _state: string };
  assert.equal(_state, 'COMPLETE');
  assert.ok(Math.abs(Number(_metrics.exact_match) - 0.7) < 0.1, JSON.stringify(_metrics));
  assert.ok(Number(_metrics.f1_score) > 0.7);
  assert.equal(_metrics.syntax_overall, 1);
  assert.match(JSON.stringify(_params), /0\.7/);
  const uris = google.metadata.artifactsOf(run.name!.split('/').at(-1)!).map(({ uri }) => String(uri));
  for (const name of [
    'evaluation',
    'per_bucket_complexity_eval',
    'sql_complexity_distribution',
    'syntax_validation_results',
    'per_complexity_validation',
  ]) {
    const uri = uris.find((each) => each.endsWith(`/${name}.csv`)) ?? '';
    assert.ok(uri.startsWith(`gs://${BUCKET}/retrain/${better.id}/`), `${name} in ${uris.join('\n')}`);
    assert.ok(google.text(uri.slice(`gs://${BUCKET}/`.length)).includes(','), uri);
  }

  // Either kind of champion is asked by a run of the other kind.
  const here = await retrain('run', 'sql.yaml', '--set', 'train.backend=local', '--set', 'train.params={right: 0.8}');
  assert.equal(here.code, 0, here.out + here.err);
  const there = await retrain('run', 'sql.yaml', '--set', 'train.wait=attached', '--set', 'train.params={right: 0.9}');
  assert.equal(there.code, 0, there.out + there.err);
  assert.deepEqual(
    (await project.runs()).slice(2).map((each) => [recordOf(each, 'evaluate').comparison?.verdict, each.version]),
    [
      ['better', 3],
      ['better', 4],
    ],
  );
  assert.equal(jobs.jobs.length, 8, 'a fit, its prediction and that of the champion again, and none of the run in between');

  const listed = await retrain('registry', 'list', '--registry', REGISTRY, 'sql', '--json');
  assert.equal(listed.code, 0, listed.err);
  const versions = JSON.parse(listed.out) as { version: number; aliases: string[] }[];
  assert.deepEqual(
    versions.map(({ version, aliases }) => [version, aliases]),
    [
      [1, []],
      [2, []],
      [3, ['previous']],
      [4, ['champion']],
    ],
  );
  await project.write('new.csv', DATA.split('\n').slice(0, 4).join('\n'));
  const predicted = await retrain('predict', 'sql', '--data', 'new.csv', '--registry', REGISTRY);
  assert.equal(predicted.code, 0, predicted.err);
  assert.equal(predicted.out.trim().split('\n')[1], 'q0,SELECT name FROM tq0 WHERE x = 1');
});
