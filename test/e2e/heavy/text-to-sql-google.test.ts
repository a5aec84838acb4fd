import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { localBackend } from '../../../src/providers/backends/local.ts';
import { BUCKET, googleProject } from '../google-project.ts';
import { CACHE, type Project, ROOT, recordOf } from '../support.ts';

/** What the example's own file needs to run whole on Google. */
const GOOGLE = `store: gs://${BUCKET}/retrain\nregistry: vertex\ntracker: vertex\n`;
const ROWS = 300;
/** Sizes with which it learns next to nothing, in seconds. */
const TINY: Readonly<Record<string, string>> = {
  'scratch_num_train_epochs: 12': 'scratch_num_train_epochs: 1',
  'num_train_epochs: 6': 'num_train_epochs: 1',
  'scratch_d_model: 96': 'scratch_d_model: 32',
  'scratch_d_ff: 256': 'scratch_d_ff: 64',
  'max_target_length: 96': 'max_target_length: 24\n    save_steps: 2',
};

/** The real trainer in its real environment, which stands for the image with what it installs. Built once (5 GB on Linux). */
test('examples/text-to-sql whole on Google by three lines and a backend: trained there, loaded here, and the other way round', {
  timeout: 3_600_000,
}, async (t) => {
  const python = process.env.RETRAIN_TEST_TORCH_PYTHON ?? (await torchPython());
  const google = await googleProject(t, {}, { python });
  const { project, jobs, retrain } = google;
  await project.copy(join(ROOT, 'examples/text-to-sql'), '.');
  await toGoogle(project);
  const arrive = async (month: string) =>
    project.write(
      join('data', month),
      `${(await project.read(join('months', month)))
        .split('\n')
        .slice(0, ROWS + 1)
        .join('\n')}\n`,
    );
  const own = process.env.RETRAIN_TEST_TORCH_PYTHON;
  const given = own === undefined ? [] : ['--set', `train.python={python: ${JSON.stringify(own)}, managed: false}`];
  const run = async (...more: string[]) => {
    const ended = await retrain('run', 'pipelines/sql.yaml', ...given, ...more);
    const last = (await project.runs('pipelines/.retrain').catch(() => project.runs())).at(-1)!;
    assert.equal(ended.code, 0, ended.out + ended.err);
    assert.ok(last.version !== undefined, ended.out + ended.err);
    return { ...ended, last };
  };

  await arrive('2026-01.csv');
  const { last: first } = await run();
  assert.deepEqual([first.version, first.promoted], [1, true]);
  const [spec] = jobs.jobs[0]!.body.jobSpec!.workerPoolSpecs;
  assert.equal(spec!.pythonPackageSpec!.pythonModule, 'retrain_trainers.remote');
  assert.match(spec!.pythonPackageSpec!.executorImageUri, /pytorch-cpu\.2-4\.py310:latest$/);
  const base = jobs.jobs[0]!.body.jobSpec!.baseOutputDirectory!.outputUriPrefix.replace(`gs://${BUCKET}/`, '');
  assert.ok(google.stored(new RegExp(`^${base}/checkpoints/`)).length > 0, 'checkpoints');
  assert.match(
    google
      .stored(new RegExp(`^${base}/live/`))
      .map(google.text)
      .join(''),
    /loss/,
  );
  assert.ok(google.stored(new RegExp(`^${base}/output/model/.*safetensors$`)).length > 0);

  // The second starts from the champion, whose predictions for the same rows are jobs, too.
  await arrive('2026-02.csv');
  const { last: second } = await run();
  assert.equal(recordOf(second, 'fetch-model').outputs['base-uri'], 'registry:sql/1');
  assert.ok(recordOf(second, 'evaluate').comparison, 'the champion was asked');
  assert.ok(jobs.jobs.every(({ state, starts }) => state === 'JOB_STATE_SUCCEEDED' && starts === 1));
  const uploads = google.calls.filter(({ method }) => method === 'UploadModel').map(({ request }) => request as Record<string, unknown>);
  assert.deepEqual(
    uploads.map(({ parentModel }) => String(parentModel).split('/').at(-1)),
    ['', 'sql'],
  );
  const updated = google.calls.findLast(({ method }) => method === 'UpdateContext')!.request as { context: { name: string } };
  const { _metrics, _params } = google.metadata.context(updated.context.name.split('/').at(-1)!)!.metadata as Record<string, object>;
  for (const name of ['exact_match', 'f1_score', 'syntax_overall']) assert.ok(name in _metrics!, `${name}: ${Object.keys(_metrics!)}`);
  assert.match(JSON.stringify(_params), /lora_r/);

  // Loaded here, by the lock that names torch; the image was given less.
  const kept = google.stored(/^retrain\/registry\/_files\/sql\/[^/]+\/(?:environment|image)\.lock$/);
  assert.deepEqual(kept.map((name) => [name.split('/').at(-1), /^torch==/m.test(google.text(name))]).slice(0, 2), [
    ['environment.lock', true],
    ['image.lock', false],
  ]);
  const rows = (await project.read('months/2026-02.csv')).split('\n').slice(0, 4).join('\n');
  await project.write('new.csv', `${rows}\n`);
  const predicted = await retrain('predict', 'sql', '--data', 'new.csv', '--registry', `vertex:gs://${BUCKET}/retrain/registry`);
  assert.equal(predicted.code, 0, predicted.err);
  assert.equal(predicted.out.trim().split('\n').length, 4);

  // A run here asks the champion from there, and one there the champion from here.
  const before = jobs.jobs.length;
  const { last: here } = await run('--force', '--set', 'train.backend=local', '--set', 'promote.when=threshold-only');
  assert.ok(here.promoted);
  assert.ok(recordOf(here, 'evaluate').comparison?.n, 'compared on the same rows');
  assert.equal(jobs.jobs.length, before);
  const { last: there } = await run('--force');
  assert.ok(recordOf(there, 'evaluate').comparison?.n, 'compared on the same rows');
  assert.equal(jobs.jobs.length, before + 3);
});

/** The example's pipeline file with the lines that take it to Google, and tiny sizes. */
async function toGoogle(project: Project): Promise<void> {
  const path = 'pipelines/sql.yaml';
  let text = (await project.read(path)).replace('train:\n', 'train:\n  backend: vertex\n').replace('key: id\n', `key: id\n${GOOGLE}`);
  for (const [large, small] of Object.entries(TINY)) text = text.replace(large, small);
  await project.write(path, text.replaceAll(/>= 0\.\d+/g, '>= 0'));
}

async function torchPython(): Promise<string> {
  const jobs = mkdtempSync(join(tmpdir(), 'retrain-torch-'));
  const local = localBackend({ root: ROOT, cache: CACHE, jobs, env: process.env });
  await local.describe({ kind: 'module', name: 'text-to-sql', extras: [] }, { managed: true }, AbortSignal.timeout(1_800_000));
  const pythons = readdirSync(join(CACHE, 'environments')).map((name) => join(CACHE, 'environments', name, 'bin', 'python'));
  const found = pythons.find((path) => existsSync(path) && spawnSync(path, ['-c', 'import torch, transformers, peft']).status === 0);
  if (found === undefined) throw new Error('The trainer’s environment was built, and cannot be found.');
  return found;
}
