import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { JobCache } from '../caches/job-cache.ts';
import type { PythonChoice, TrainerSource } from './backend.ts';
import { runCaptured } from './captured-run.ts';
import { type Environment, installerEnvironment, trainerEnvironment } from './child-environment.ts';
import { managedEnvironment, readLock } from './environment.ts';
import { findPython, type Python } from './python.ts';

/** Where trainers come from and where they may keep things; fixed for one backend. */
export interface TrainerPlace {
  /** Folder of Retrain itself, with `trainers/`. */
  readonly root: string;
  /** Folder that a user's command starts in and its files are relative to. */
  readonly workspace: string;
  readonly cache: string;
  readonly env: Environment;
  readonly jobCache?: JobCache;
  readonly log: (line: string) => void;
}

/** A trainer ready to be started: append the verb and the job. */
export interface TrainerCommand {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

type Module = Extract<TrainerSource, { kind: 'module' }>;

/** First line of a lock that was made for one minor version of Python. */
const LOCK_HEADER = /^# python (3\.\d+)\n/;
/** What to load once after installing, so that the first job finds it compiled. */
const WARM_UP: Readonly<Record<string, readonly string[]>> = {
  tabular: ['sklearn.ensemble', 'sklearn.linear_model', 'sklearn.metrics', 'skops.io', 'xgboost'],
  'text-to-sql': ['torch', 'transformers.models.t5.modeling_t5', 'peft', 'sentencepiece'],
};

/** Finds or builds what the trainer needs. `lock`: an environment recorded earlier; the trainer's current one by default. */
export async function trainerCommand(
  trainer: TrainerSource,
  choice: PythonChoice,
  place: TrainerPlace,
  options: { readonly lock?: string; readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<TrainerCommand> {
  const env = trainerEnvironment(place.env);
  if (trainer.kind === 'command') return { command: trainer.command, cwd: place.workspace, env };
  const module_ = moduleOf(trainer);
  await moduleFolder(trainer, place);
  const recorded = options.lock || undefined;
  const recordedMinor = LOCK_HEADER.exec(recorded ?? '')?.[1];
  const python = await pythonFor(choice, place, options.signal, recordedMinor);
  if (recordedMinor && recordedMinor !== python.minor) {
    options.log(`The recorded environment was made for Python ${recordedMinor}, which is not here; Python ${python.minor} is used.`);
  }
  let interpreter = python.executable;
  if (choice.managed) {
    const lock = recorded?.replace(LOCK_HEADER, '') ?? (await readLock(place.root, lockName(trainer)));
    const { cache, jobCache } = place;
    const order = { lock, python, cache, jobCache, env: installerEnvironment(place.env), signal: options.signal, log: options.log };
    interpreter = (await managedEnvironment({ ...order, warmUp: WARM_UP[trainer.name] })).python;
  }
  // Started in its own folder, which Python then searches; a job's folder, which holds others' files, is never searched.
  return { command: [interpreter, '-m', `retrain_trainers.${module_}`], cwd: join(place.root, 'trainers'), env };
}

/** What decides a trainer's results beside the job: a digest of its code and environment, and the environment as text. */
export async function trainerEnvironmentOf(
  trainer: TrainerSource,
  choice: PythonChoice,
  place: TrainerPlace,
  signal: AbortSignal,
): Promise<{ readonly digest: string; readonly lock: string }> {
  if (trainer.kind === 'command') return { digest: await digestOfCommand(trainer.command, place.workspace), lock: '' };
  const code = await digestOfModule(trainer, place);
  const python = await pythonFor(choice, place, signal);
  const requirements = choice.managed ? await readLock(place.root, lockName(trainer)) : await installedIn(python, place, signal);
  const lock = `# python ${python.minor}\n${requirements}`;
  return {
    digest: createHash('sha256')
      .update(JSON.stringify([code, lock]))
      .digest('hex'),
    lock,
  };
}

const pythonFor = (choice: PythonChoice, place: TrainerPlace, signal: AbortSignal, minor?: string): Promise<Python> =>
  findPython({
    given: interpreterOf(choice, place),
    minor: choice.python ? undefined : minor,
    venv: choice.managed,
    env: trainerEnvironment(place.env),
    cache: place.cache,
    signal,
  });

/** A path in the pipeline file is relative to the project; a bare name is looked for on PATH. */
const interpreterOf = ({ python }: PythonChoice, { workspace }: TrainerPlace): string | undefined =>
  python !== undefined && /[\\/]/.test(python) ? resolve(workspace, python) : python;

const lockName = ({ name, extras }: Module): string => [name, ...extras.toSorted()].join('-');

function moduleOf({ name, extras }: Module): string {
  const strange = [name, ...extras].find((word) => !/^[a-z][a-z0-9-]{0,40}$/.test(word));
  if (strange !== undefined) throw unknownTrainer(strange);
  return name.replaceAll('-', '_');
}

async function moduleFolder(trainer: Module, place: TrainerPlace): Promise<string> {
  const folder = join(place.root, 'trainers', 'retrain_trainers', moduleOf(trainer));
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) throw unknownTrainer(trainer.name);
  return folder;
}

const unknownTrainer = (name: string): UserError =>
  new UserError('unknown-trainer', `There is no trainer ${JSON.stringify(name)} that comes with Retrain.`, {
    todo: 'Name one that does (tabular, text-to-sql), or use train.command for your own.',
  });

/** Of the module's sources and of those all modules share; not of other modules. */
async function digestOfModule(trainer: Module, place: TrainerPlace): Promise<string> {
  const shared = join(place.root, 'trainers', 'retrain_trainers');
  const folders = [shared, await moduleFolder(trainer, place)];
  const hash = createHash('sha256');
  for (const folder of folders) {
    const files = (await readdir(folder, { recursive: folder !== shared })).filter((file) => file.endsWith('.py')).toSorted();
    for (const file of files) {
      const content = createHash('sha256')
        .update(await readFile(join(folder, file)))
        .digest('hex');
      hash.update(`${relative(shared, join(folder, file)).split(sep).join('/')} ${content}\n`);
    }
  }
  return hash.digest('hex');
}

/** Of the words of the command, and of those files among them that lie in the workspace. */
async function digestOfCommand(command: readonly string[], workspace: string): Promise<string> {
  const hash = createHash('sha256');
  for (const word of command) {
    hash.update(`${JSON.stringify(word)}\n`);
    const path = resolve(workspace, word);
    const inside = relative(workspace, path);
    if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) continue;
    const file = await stat(path).catch(() => undefined);
    if (file?.isFile())
      hash.update(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      );
  }
  return hash.digest('hex');
}

/** The packages of an interpreter that is used as it is, a line each. */
async function installedIn(python: Python, place: TrainerPlace, signal: AbortSignal): Promise<string> {
  const question = `from importlib.metadata import distributions
print("\\n".join(sorted({f"{d.metadata['Name']}=={d.version}".lower() for d in distributions() if d.metadata["Name"]})))`;
  const answer = await runCaptured([python.executable, '-c', question], {
    cwd: join(place.root, 'trainers'),
    env: trainerEnvironment(place.env),
    signal,
    timeoutSeconds: 60,
    doing: `Asking ${python.executable} for its packages`,
    captureBytes: 4_000_000,
    guarded: false,
  });
  if (answer.code === 0) return answer.captured.replaceAll('\r', '');
  throw new UserError('python-incomplete', `${python.executable} could not list its packages:\n${answer.tail.join('\n')}`, {
    todo: 'Name another interpreter with train.python.python, or leave train.python.managed at true.',
  });
}
