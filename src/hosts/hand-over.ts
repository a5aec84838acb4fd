import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { providers, stages } from '../catalog.ts';
import { makeFolders } from '../kernel/durable-file.ts';
import { InvalidInputs, type Problem, UserError } from '../kernel/errors.ts';
import { decide, inOrder, outcomeOf, PHASES, type Phase, type StageEntry } from '../kernel/flow.ts';
import type { Manifest, StageRecord } from '../kernel/record.ts';
import { readManifest, runsFolder, writeRun } from '../kernel/run-folder.ts';
import { readResolved } from '../pipeline/resolved.ts';
import type { Artifacts } from '../providers/artifacts/artifacts.ts';
import { readActionInputs } from './action/action-inputs.ts';
import { publishError } from './action/publish.ts';
import type { Runner } from './action/runner.ts';
import { packRun, unpackRun } from './hand-over/envelope.ts';
import { readNeeds, recordOfBrokenJob, recordOfLostJob } from './hand-over/lost-job.ts';
import { nextPhase } from './hand-over/next-phase.ts';
import { leftInStore } from './kept-outputs.ts';

/** Long enough to approve a promotion and to run failed jobs again; the repository may shorten it. */
const DAYS_KEPT = 7;
const KNOWN = ['operation', 'job', 'status', 'run-folder', 'artifact-id', 'digest', 'needs', 'publishes'] as const;
type Given = Readonly<Partial<Record<(typeof KNOWN)[number], string>>>;

/** The action `hand-over`: `save` keeps a run's folder for the jobs after this one, `restore` brings it back. Gives the exit code. */
export async function handOver(env: NodeJS.ProcessEnv, runner: Runner, signal: AbortSignal): Promise<number> {
  try {
    const given: Given = readActionInputs(env, KNOWN).with;
    const wrong = problemsOf(given);
    if (wrong.length > 0) throw new InvalidInputs(wrong, 'inputs of hand-over');
    const artifacts = await openArtifacts(env, runner);
    if (given.operation === 'save') await save(given, env, artifacts, runner, signal);
    else await restore(given, env, artifacts, runner, signal);
    return 0;
  } catch (error) {
    return publishError(runner, 'hand-over', error, signal.aborted);
  }
}

async function save(given: Given, env: NodeJS.ProcessEnv, artifacts: Artifacts, runner: Runner, signal: AbortSignal): Promise<void> {
  const folder = given['run-folder']!;
  const job = given.job as Phase;
  let manifest = await readManifest(join(folder, 'run.json'));
  const { status } = given;
  if (status === 'failure' || status === 'cancelled') {
    manifest = await withRecord(folder, manifest, recordOfBrokenJob(job, status, manifest, stages, new Date()));
  }
  const files = await packRun(folder, manifest.id, job, signal, leftInStore(manifest.records));
  const name = `retrain-${manifest.id}-${job}-${env.GITHUB_RUN_ATTEMPT ?? '1'}`;
  const { id, digest } = await artifacts.save(name, folder, files, DAYS_KEPT, signal);
  runner.output('artifact-id', String(id));
  runner.output('digest', digest);
  runner.output('next', nextPhase(job, manifest.records, await stagesOf(folder)));
  runner.write(`${files.length} files of the run ${manifest.id} are kept as artifact ${id}.`);
}

async function restore(given: Given, env: NodeJS.ProcessEnv, artifacts: Artifacts, runner: Runner, signal: AbortSignal): Promise<void> {
  const needs = given.needs === undefined ? undefined : readNeeds(given.needs);
  const home = env.RETRAIN_HOME ?? join(env.RUNNER_TEMP!, 'retrain');
  await makeFolders(home);
  const arriving = await mkdtemp(join(home, 'arriving-'));
  try {
    await artifacts.restore({ id: Number(given['artifact-id']), digest: given.digest! }, arriving, signal);
    const { folder, envelope } = await unpackRun(arriving, runsFolder(home), signal);
    let manifest = await readManifest(join(folder, 'run.json'));
    if (manifest.id !== envelope.run || manifest.id !== basename(folder)) {
      throw new UserError('other-run', `The envelope is of the run ${envelope.run}, its manifest of ${manifest.id}.`);
    }
    if (needs !== undefined) {
      const lost = recordOfLostJob(needs, given.publishes !== 'false', manifest, stages, new Date());
      manifest = await withRecord(folder, manifest, lost);
    }
    tell(runner, manifest, folder, await stagesOf(folder));
  } finally {
    await rm(arriving, { recursive: true, force: true });
  }
}

async function withRecord(folder: string, manifest: Manifest, record: StageRecord | undefined): Promise<Manifest> {
  if (!record) return manifest;
  const changed = { ...manifest, records: [...manifest.records.filter(({ stage }) => stage !== record.stage), record] };
  await writeRun(folder, changed);
  return changed;
}

/** The stages in the order of this run, as its pipeline file has it. */
async function stagesOf(folder: string): Promise<readonly StageEntry[]> {
  const path = join(folder, 'resolved.json');
  return inOrder(stages, readResolved(await readFile(path, 'utf8'), path).stages.register?.inputs.when);
}

function tell(runner: Runner, manifest: Manifest, folder: string, entries: readonly StageEntry[]): void {
  const { outcome, reason } = outcomeOf(manifest.records);
  runner.output('run-folder', folder);
  runner.output('run', manifest.id);
  const register = entries.find(({ name }) => name === 'register');
  runner.output('register', String(register !== undefined && decide(register, entries, manifest.records).run));
  runner.output('outcome', outcome);
  if (reason) runner.output('reason', reason.code);
  if (manifest.version !== undefined) runner.output('version', String(manifest.version));
  runner.output('promoted', String(manifest.promoted));
  runner.write(
    `The run ${manifest.id} goes on with the records of ${manifest.records.map(({ stage }) => stage).join(', ') || 'no stage'}.`,
  );
}

async function openArtifacts(env: NodeJS.ProcessEnv, runner: Runner): Promise<Artifacts> {
  const unused = { home: '', cache: '', base: '', root: '', model: '', shared: {}, inputs: {} };
  return (await providers.artifacts!({ ...unused, env, log: (line) => runner.write(line) })) as Artifacts;
}

function problemsOf(given: Given): readonly Problem[] {
  const problems: Problem[] = [];
  const wrong = (path: string, message: string) => problems.push({ path, message, file: 'with' });
  for (const name of Object.keys(given)) if (!(KNOWN as readonly string[]).includes(name)) wrong(name, 'is no input of this action.');
  if (given.operation === 'save') {
    if (!(PHASES as readonly string[]).includes(given.job ?? ''))
      wrong('job', `expected one of ${PHASES.join(', ')}, found "${given.job}".`);
    if (!isAbsolute(given['run-folder'] ?? '')) wrong('run-folder', 'expected the folder of a run: output `run-folder` of its actions.');
  } else if (given.operation === 'restore') {
    if (!/^\d{1,18}$/.test(given['artifact-id'] ?? ''))
      wrong('artifact-id', `expected the id of an artifact, found "${given['artifact-id']}".`);
    if (!/^sha256:[0-9a-f]{64}$/.test(given.digest ?? '')) wrong('digest', `expected sha256: and 64 hex digits, found "${given.digest}".`);
  } else wrong('operation', `expected save or restore, found "${given.operation}".`);
  return problems;
}
