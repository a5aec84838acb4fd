import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { stages } from '../../../src/catalog.ts';
import { packRun, unpackRun } from '../../../src/hosts/hand-over/envelope.ts';
import { readNeeds, recordOfBrokenJob, recordOfLostJob } from '../../../src/hosts/hand-over/lost-job.ts';
import { nextPhase } from '../../../src/hosts/hand-over/next-phase.ts';
import type { UserError } from '../../../src/kernel/errors.ts';
import { inOrder, outcomeOf, PHASES } from '../../../src/kernel/flow.ts';
import { type Manifest, manifestSchema, recordSchema, type StageRecord } from '../../../src/kernel/record.ts';
import { readManifest, writeRun } from '../../../src/kernel/run-folder.ts';
import { ArtifactService } from '../../stand-ins/artifacts.ts';
import { RunnerJob, type StepEnd } from '../../stand-ins/runner.ts';

const STARTED = '2026-11-21T04:00:00.000Z';
const record = (stage: string, more: Partial<StageRecord> = {}): StageRecord =>
  recordSchema.parse({
    schema: 'retrain/record/1',
    run: 'churn-4711',
    stage,
    attempt: 1,
    outcome: 'completed',
    verdict: { kind: 'passed' },
    started: STARTED,
    seconds: 1,
    inputs: {},
    ...more,
  });
const run = (records: readonly StageRecord[]): Manifest =>
  manifestSchema.parse({
    schema: 'retrain/manifest/1',
    id: 'churn-4711',
    model: 'churn',
    logicalDate: '2026-11-21',
    seed: '0'.repeat(16),
    started: STARTED,
    retrain: '1.0.0',
    outcome: 'running',
    records,
  });
const reason = { code: 'why', text: 'Because.' };
const failed = { verdict: { kind: 'failed', reason } } as const;

/** A job with a run of one record and a model file in it. */
async function jobWithRun(service: ArtifactService, name = 'prepare'): Promise<{ readonly job: RunnerJob; readonly folder: string }> {
  const job = await RunnerJob.begin({ env: service.env('run-1', name) });
  const folder = join(job.temp, 'retrain', 'runs', 'churn-4711');
  await mkdir(join(folder, 'files', 'train', 'model'), { recursive: true });
  await writeRun(folder, run([record('gate')]));
  await resolvedAs(folder, {});
  await writeFile(join(folder, 'files', 'train', 'model', 'weights.bin'), Buffer.from([0, 1, 2, 253, 254, 255]));
  return { job, folder };
}

/** What the run was told, of which hand-over reads when a version is registered. */
const resolvedAs = (folder: string, register: object) =>
  writeFile(
    join(folder, 'resolved.json'),
    JSON.stringify({ schema: 'retrain/resolved/1', shared: {}, origins: {}, stages: { register: { inputs: register, origins: {} } } }),
  );

const signal = new AbortController().signal;

async function withRunFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'retrain-hand-over-'));
  try {
    const folder = join(parent, 'run');
    await mkdir(join(folder, 'files', 'train', 'model'), { recursive: true });
    await writeFile(join(folder, 'files', 'train', 'model', 'weights.bin'), 'weights');
    await use(folder);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

const save = (job: RunnerJob, folder: string) => job.run('hand-over', { operation: 'save', job: 'prepare', 'run-folder': folder });
const restore = (job: RunnerJob, { outputs }: Pick<StepEnd, 'outputs'>, more: Readonly<Record<string, string>> = {}) =>
  job.run('hand-over', { operation: 'restore', 'artifact-id': outputs['artifact-id'] ?? '', digest: outputs.digest ?? '', ...more });

test('what one job saves another restores, byte for byte, and is told how the run stands', async () => {
  await using service = await ArtifactService.begin();
  const { job, folder } = await jobWithRun(service);
  await using first = job;
  const saved = await save(first, folder);
  assert.equal(saved.code, 0, saved.log.join('\n'));
  assert.deepEqual(Object.keys(saved.outputs).sort(), ['artifact-id', 'digest', 'next']);
  assert.equal(saved.outputs.next, 'train');
  assert.equal(service.artifacts[0]!.name, 'retrain-churn-4711-prepare-1');

  await using second = await RunnerJob.begin({ env: service.env('run-1', 'train') });
  const restored = await restore(second, saved);
  assert.equal(restored.code, 0, restored.log.join('\n'));
  const { 'run-folder': there, ...told } = restored.outputs;
  assert.deepEqual(told, { run: 'churn-4711', outcome: 'passed', register: 'true', promoted: 'false' });
  assert.equal(there, join(second.temp, 'retrain', 'runs', 'churn-4711'));
  assert.deepEqual(await readFile(join(there!, 'files/train/model/weights.bin')), Buffer.from([0, 1, 2, 253, 254, 255]));
  assert.equal(await readFile(join(there!, 'run.json'), 'utf8'), await readFile(join(folder, 'run.json'), 'utf8'));

  // In the last job, with a job before it that was lost, the run itself says so.
  const last = await restore(second, saved, {
    needs: JSON.stringify({ prepare: { result: 'success', outputs: saved.outputs }, train: { result: 'failure', outputs: {} } }),
  });
  assert.equal(last.code, 0, last.log.join('\n'));
  assert.equal(last.outputs.outcome, 'errored');
  assert.equal(last.outputs.reason, 'job-lost');
  assert.equal((await readManifest(join(there!, 'run.json'))).records.at(-1)?.error?.code, 'job-lost');
});

test('a context `needs` that is none is the workflow to mend, said before anything is fetched', async () => {
  for (const [needs, found] of [
    ['Object', /with: needs: expected `\$\{\{ toJSON\(needs\) \}\}`, found text that is not JSON/],
    ['[]', /needs: .*and in it the whole: /],
    ['{"train":{"result":"lost"}}', /needs: .*and in it train\.result: /],
  ] as const)
    assert.throws(() => readNeeds(needs), { code: 'invalid-inputs', fault: 'user', message: found });
  await using service = await ArtifactService.begin();
  await using job = await RunnerJob.begin({ env: service.env('run-1', 'report') });
  const restored = await restore(job, { outputs: { 'artifact-id': '1', digest: `sha256:${'0'.repeat(64)}` } }, { needs: 'Object' });
  assert.equal(restored.code, 2, restored.log.join('\n'));
  assert.equal(restored.outputs.reason, 'invalid-inputs');
});

test('an artifact whose bytes changed stops the run, and one of another workflow run is not found', async () => {
  await using service = await ArtifactService.begin();
  const { job, folder } = await jobWithRun(service);
  await using first = job;
  const saved = await save(first, folder);
  // Still a good archive with a good envelope: only the digest of the whole tells.
  service.artifacts.push({ ...service.artifacts[0]!, id: 900, name: 'other' });
  service.artifacts[1]!.content = Buffer.concat([service.artifacts[0]!.content, Buffer.from(' ')]);
  const changed = await restore(first, { outputs: { ...saved.outputs, 'artifact-id': '900' } });
  assert.equal(changed.code, 2, changed.log.join('\n'));
  assert.equal(changed.outputs.reason, 'digest-mismatch');
  await using stranger = await RunnerJob.begin({ env: service.env('run-2', 'train') });
  const foreign = await restore(stranger, saved);
  assert.equal(foreign.code, 2, foreign.log.join('\n'));
  assert.equal(foreign.outputs.reason, 'no-artifact');
});

test('credentials among the files: nothing is handed over, and the file is named', async () => {
  for (const name of ['gha-creds-0123abc.json', '.env', '.env.local', '.npmrc', '.git/config', 'files/train/.ENV']) {
    await withRunFolder(async (folder) => {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), 'secret');
      await assert.rejects(packRun(folder, 'churn-4711', 'train', signal), (error: UserError) => {
        assert.equal(error.code, 'credentials');
        return error.message.startsWith(`${name} lies`);
      });
    });
  }
});

test('a link in the run folder is not followed', () =>
  withRunFolder(async (folder) => {
    await symlink('/etc/hostname', join(folder, 'files', 'host'));
    await assert.rejects(packRun(folder, 'churn-4711', 'train', signal), { code: 'not-a-plain-file' });
  }));

test('what arrives is what the envelope says: nothing changed, missing or besides, no path out of the folder, no other form', async () => {
  const envelope = (change: (text: string) => string) => async (folder: string) => {
    const path = join(folder, 'envelope.json');
    await writeFile(path, change(await readFile(path, 'utf8')));
  };
  const harms: readonly (readonly [string, (folder: string) => Promise<void>])[] = [
    ['digest-mismatch', (folder) => appendFile(join(folder, 'files/train/model/weights.bin'), ' ')],
    ['digest-mismatch', (folder) => rm(join(folder, 'files/train/model/weights.bin'))],
    ['digest-mismatch', (folder) => writeFile(join(folder, 'files/train/model/more.bin'), '')],
    ['no-envelope', (folder) => rm(join(folder, 'envelope.json'))],
    ['corrupted', envelope((text) => text.replace('files/train', '../train'))],
    ['corrupted', envelope((text) => text.replace('"run"', '"more": 1, "run"'))],
    ['corrupted', envelope((text) => text.replace('churn-4711', '../churn-4711'))],
    ['corrupted', envelope(() => '{')],
    ['other-version', envelope((text) => text.replace('hand-over/1', 'hand-over/2'))],
  ];
  for (const [code, harm] of harms) {
    await withRunFolder(async (folder) => {
      await packRun(folder, 'churn-4711', 'train', signal);
      await harm(folder);
      const runs = join(folder, '..', 'runs');
      await assert.rejects(unpackRun(folder, runs, signal), { code });
      await assert.rejects(stat(runs), { code: 'ENOENT' });
    });
  }
});

test('a connection that is cut is tried again, under a name of its own where the first was taken', async () => {
  await using service = await ArtifactService.begin();
  const { job, folder } = await jobWithRun(service);
  await using first = job;
  service.cut.set('FinalizeArtifact', 1);
  const saved = await first.run('hand-over', { operation: 'save', job: 'prepare', 'run-folder': folder });
  assert.equal(saved.code, 0, saved.log.join('\n'));
  assert.deepEqual(
    service.artifacts.map(({ name }) => name),
    ['retrain-churn-4711-prepare-1', 'retrain-churn-4711-prepare-1-2'],
  );
});

test('without inputs every problem is told at once', async () => {
  await using job = await RunnerJob.begin();
  const step = await job.run('hand-over', { operation: 'restore', digest: 'abc' });
  assert.equal(step.code, 2);
  assert.match(step.log.join('\n'), /2 problems[\s\S]*artifact-id[\s\S]*digest/);
});

const next = (done: 'prepare' | 'train' | 'assess', records: readonly StageRecord[]) => nextPhase(done, records, stages);

test('next: on to the next job while all is well, to publish after a refusal, to report when there is nothing to do or it broke', () => {
  assert.equal(next('prepare', [record('gate')]), 'train');
  assert.equal(next('prepare', [record('gate', { verdict: { kind: 'skipped', reason }, endsRun: true })]), 'report');
  assert.equal(next('prepare', [record('validate-data', failed)]), 'publish');
  assert.equal(next('prepare', [record('gate', { outcome: 'errored', verdict: undefined })]), 'report');
  assert.equal(next('train', [record('train')]), 'assess');
  assert.equal(next('train', [record('train', { outcome: 'cancelled', verdict: undefined })]), 'report');
  assert.equal(next('train', [record('train', { outcome: 'submitted', verdict: undefined })]), 'report');
  assert.equal(next('assess', [record('evaluate', failed)]), 'publish');
});

test('a version that is registered right after training: its job has something to do after a refusal, and after an error in a judge', () => {
  const first = inOrder(stages, 'after-train');
  const errored = [record('train'), record('evaluate', { outcome: 'errored', verdict: undefined })];
  assert.equal(nextPhase('assess', errored, stages), 'report');
  assert.equal(nextPhase('assess', errored, first), 'publish');
  assert.equal(nextPhase('train', [record('train')], first), 'assess');
  assert.equal(nextPhase('train', [record('train', { outcome: 'submitted', verdict: undefined })], first), 'report');
});

test('restored: whether `register` has something to do, by the rule of the terminal', async () => {
  await using service = await ArtifactService.begin();
  const { job, folder } = await jobWithRun(service, 'assess');
  await using first = job;
  await writeRun(folder, run([record('train'), record('evaluate', failed)]));
  for (const [attempt, when] of ['after-assessment', 'after-train'].entries()) {
    await resolvedAs(folder, { when });
    const saved = await first.run(
      'hand-over',
      { operation: 'save', job: 'assess', 'run-folder': folder },
      { GITHUB_RUN_ATTEMPT: String(attempt + 1) },
    );
    const restored = await restore(first, saved);
    assert.deepEqual([restored.outputs.register, restored.outputs.outcome], [String(when === 'after-train'), 'refused'], when);
  }
});

const NOW = new Date(STARTED);
const manifestAfter = (phases: number, more: readonly StageRecord[] = []) =>
  run([...stages.filter(({ phase }) => PHASES.indexOf(phase) < phases).map(({ name }) => record(name)), ...more]);

test('a run is passed only when every job of it ended well: all ends of the four jobs before the report, whether it publishes or not', () => {
  const ends = ['success', 'failure', 'cancelled', 'skipped'] as const;
  for (let code = 0; code < 4 ** 4; code++) {
    const results = PHASES.slice(0, 4).map((_, position) => ends[Math.floor(code / 4 ** position) % 4]!);
    const good = results.findIndex((result) => result !== 'success');
    const first = results[good];
    for (const publishes of [true, false]) {
      const needs = Object.fromEntries(
        results.map((result, position) => [
          PHASES[position],
          { result, outputs: result === 'success' ? { 'artifact-id': String(position), next: PHASES[position + 1] } : {} },
        ]),
      );
      const manifest = manifestAfter(good === -1 ? 4 : good);
      const lost = recordOfLostJob(readNeeds(JSON.stringify(needs)), publishes, manifest, stages, NOW);
      const { outcome } = outcomeOf(lost ? [...manifest.records, lost] : manifest.records);
      const fine = good === -1 || (first === 'skipped' && good === 3 && !publishes);
      assert.equal(
        outcome,
        fine ? 'passed' : first === 'failure' ? 'errored' : 'cancelled',
        `${results.join(' ')}, publishes: ${publishes}`,
      );
      if (!fine) assert.equal(stages.find(({ name }) => name === lost?.stage)?.phase, PHASES[good], results.join(' '));
    }
  }
});

test('a job that says itself why it failed needs no record more; one whose process was killed after others had recorded gets one', () => {
  const refused = run([record('gate'), record('validate-data', failed)]);
  assert.equal(recordOfBrokenJob('prepare', 'failure', refused, stages, NOW), undefined);
  const nothing = { result: 'skipped', outputs: {} };
  const needs = { prepare: { result: 'failure', outputs: { 'artifact-id': '1', next: 'publish' } }, train: nothing, assess: nothing };
  const closed = { ...needs, publish: { result: 'success', outputs: { 'artifact-id': '2', next: 'report' } } };
  assert.equal(recordOfLostJob(readNeeds(JSON.stringify(closed)), true, refused, stages, NOW), undefined);

  const killed = recordOfBrokenJob('assess', 'failure', manifestAfter(2), stages, NOW);
  assert.deepEqual([killed?.stage, killed?.outcome, killed?.error?.code], ['evaluate', 'errored', 'job-lost']);
  assert.equal(nextPhase('assess', [...manifestAfter(2).records, killed!], stages), 'report', 'nothing is promoted after that');
  const whole = recordOfBrokenJob('train', 'failure', manifestAfter(2), stages, NOW);
  assert.deepEqual([whole?.stage, whole?.outcome, whole?.verdict], ['train', 'errored', undefined]);
});

test('saved by a job that failed without a word: the run that travels says which stage is missing', async () => {
  await using service = await ArtifactService.begin();
  const { job, folder } = await jobWithRun(service, 'train');
  await using first = job;
  const saved = await first.run('hand-over', { operation: 'save', job: 'train', status: 'failure', 'run-folder': folder });
  assert.equal(saved.outputs.next, 'report', saved.log.join('\n'));
  const { records } = await readManifest(join(folder, 'run.json'));
  assert.deepEqual([records.at(-1)?.stage, records.at(-1)?.error?.code], ['train', 'job-lost']);
});
