import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestPath } from '../../kernel/digest.ts';
import { codeOf, explainFileError, writeWhole } from '../../kernel/durable-file.ts';
import { Cancelled, UserError, WorldError } from '../../kernel/errors.ts';
import { thisProcess } from '../../kernel/process-owner.ts';
import type { JobCache } from '../caches/job-cache.ts';
import type { Backend, FitReport, Job, JobEvent, JobSpec, JobState, PythonChoice, TrainerDescription, TrainerSource } from './backend.ts';
import { runCaptured } from './captured-run.ts';
import type { Environment } from './child-environment.ts';
import type { EventStream } from './event-stream.ts';
import { forgetJobFile, type JobFile, readJobFile, writeJobFile } from './job-file.ts';
import { fillJobFolder, place } from './job-folder.ts';
import { LocalRun } from './local-run.ts';
import { ProgressTail } from './progress-tail.ts';
import { readFitReport } from './results.ts';
import { type TrainerPlace, trainerCommand, trainerEnvironmentOf } from './trainer-command.ts';
import { descriptionSchema, factsOf, type JobFacts, jobSchema, problemsOf } from './trainer-shapes.ts';

export interface LocalOptions {
  /** Folder of Retrain itself, with `trainers/`. */
  readonly root: string;
  /** Environments; safe to delete. */
  readonly cache: string;
  /** Folders of jobs, one a key. */
  readonly jobs: string;
  /** Children get the allow-listed part of it. */
  readonly env: Environment;
  /** Folder a user's own command starts in; where Retrain was started by default. */
  readonly workspace?: string;
  /** What earlier jobs left of the packages of an environment. */
  readonly jobCache?: JobCache;
  /** Told how far building an environment is. */
  readonly log?: (line: string) => void;
}

const DESCRIBE_SECONDS_MAX = 120;
const DESCRIPTION_BYTES_MAX = 4_000_000;
const POLL_MS = 200;

/** Trains on this machine: each job a process group of its own, which ends when we do. */
export function localBackend(options: LocalOptions): Backend {
  return new LocalBackend(options);
}

class LocalBackend implements Backend {
  readonly name = 'local';
  readonly outlives = false;
  readonly machine = `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB, ${platform()} ${arch()}`;
  readonly #place: TrainerPlace;
  readonly #jobs: string;
  readonly #running = new Map<string, LocalRun>();
  /** Of jobs of this process, whole and after their end, too. */
  readonly #streams = new Map<string, EventStream>();
  readonly #described = new Map<string, Promise<TrainerDescription>>();
  readonly #environments = new Map<string, Promise<{ digest: string; lock: string }>>();

  constructor({ root, cache, jobs, env, workspace, jobCache, log }: LocalOptions) {
    this.#jobs = resolve(jobs);
    const place = { root: resolve(root), cache: resolve(cache), workspace: resolve(workspace ?? '.') };
    this.#place = { ...place, env, jobCache, log: log ?? (() => undefined) };
  }

  async find(key: string, signal: AbortSignal): Promise<Job | undefined> {
    signal.throwIfAborted();
    const found = await readJobFile(this.#folderOf(key));
    return found?.key === key ? jobOf(found) : undefined;
  }

  async submit(key: string, spec: JobSpec, signal: AbortSignal): Promise<Job> {
    signal.throwIfAborted();
    const folder = this.#folderOf(key);
    const facts = factsOf(spec.job);
    const text = `${JSON.stringify({ ...spec.job, contract: 1, verb: spec.verb }, undefined, 2)}\n`;
    const output = outputIn(folder, facts.output);
    const job: JobFile = {
      key,
      id: randomBytes(8).toString('hex'),
      folder,
      verb: spec.verb,
      state: 'running',
      owner: thisProcess(),
      sha256: createHash('sha256').update(text).digest('hex'),
    };
    try {
      await fillJobFolder(folder, output, spec.inputs);
      await mkdir(output, { recursive: true });
      await mkdir(this.#place.cache, { recursive: true });
      await writeWhole(join(folder, 'job.json'), text);
      await writeJobFile(job);
    } catch (error) {
      throw explainFileError(error, 'prepare the training job', folder);
    }
    const run = new LocalRun(spec, folder, facts, this.#place, async (succeeded) => {
      this.#running.delete(job.id);
      if (succeeded) await writeJobFile({ ...job, state: 'succeeded', output: (await digestPath(output)).sha256 });
      else await forgetJobFile(job);
    });
    this.#running.set(job.id, run);
    this.#streams.set(job.id, run.events);
    return jobOf(job);
  }

  watch(job: Job, signal: AbortSignal): AsyncIterable<JobEvent> {
    return this.#streams.get(job.id)?.read(signal) ?? this.#watchOther(job, signal);
  }

  async collect(job: Job, _spec: JobSpec, to: string, signal: AbortSignal): Promise<FitReport | undefined> {
    signal.throwIfAborted();
    const { folder = '', verb } = job.details;
    const found = await readJobFile(folder);
    if (found?.id !== job.id || found.state !== 'succeeded')
      throw new WorldError('job-lost', `What the job ${job.id} left in ${folder} is gone, or was changed since.`, { todo: 'Run again.' });
    const output = join(folder, (await readFacts(folder)).output);
    try {
      await place(output, to);
    } catch (error) {
      throw explainFileError(error, 'take over what the trainer wrote', to);
    }
    return verb === 'fit' ? await readFitReport(to) : undefined;
  }

  async cancel(job: Job): Promise<JobState> {
    const run = this.#running.get(job.id);
    if (run) return await run.cancel();
    // A trainer does not outlive the process that started it, and only that one can end it.
    const found = await readJobFile(job.details.folder ?? '');
    return found?.id === job.id ? found.state : 'cancelled';
  }

  describe(trainer: TrainerSource, python: PythonChoice, signal: AbortSignal): Promise<TrainerDescription> {
    return once(this.#described, JSON.stringify([trainer, python]), () => this.#ask(trainer, python, signal));
  }

  environment(trainer: TrainerSource, python: PythonChoice, signal: AbortSignal): Promise<{ digest: string; lock: string }> {
    return once(this.#environments, JSON.stringify([trainer, python]), () =>
      withFolder(this.#place.cache, () => trainerEnvironmentOf(trainer, python, this.#place, signal)),
    );
  }

  #folderOf(key: string): string {
    return join(this.#jobs, createHash('sha256').update(key).digest('hex').slice(0, 32));
  }

  async #ask(trainer: TrainerSource, python: PythonChoice, signal: AbortSignal): Promise<TrainerDescription> {
    const options = { signal, log: this.#place.log };
    const { command, cwd, env } = await withFolder(this.#place.cache, () => trainerCommand(trainer, python, this.#place, options));
    const shown = command.join(' ');
    const answer = await runCaptured([...command, 'describe'], {
      cwd,
      env,
      signal,
      timeoutSeconds: DESCRIBE_SECONDS_MAX,
      doing: `Asking the trainer (${shown}) to describe itself`,
      captureBytes: DESCRIPTION_BYTES_MAX,
    });
    const todo = 'Run the command yourself to see; docs/trainer-contract.md says what it must print.';
    if (answer.code !== 0) {
      const how = answer.signal ? `was ended by ${answer.signal}` : `ended with exit code ${answer.code}`;
      throw new UserError('describe-failed', `The trainer (${shown}) ${how} when asked to describe itself:\n${answer.tail.join('\n')}`, {
        todo,
      });
    }
    let content: unknown;
    try {
      content = JSON.parse(answer.captured);
    } catch (error) {
      throw new UserError('describe-invalid', `The trainer (${shown}) printed a description that is not JSON.`, { cause: error, todo });
    }
    const parsed = descriptionSchema.safeParse(content);
    if (!parsed.success) {
      throw new UserError(
        'describe-invalid',
        `The trainer (${shown}) printed a description that is not one: ${problemsOf(parsed.error)}.`,
        { todo },
      );
    }
    return parsed.data;
  }

  /** A job of another process, or of an earlier one: its files say how far it is. */
  async *#watchOther(job: Job, signal: AbortSignal): AsyncGenerator<JobEvent> {
    const { folder = '' } = job.details;
    const facts = await readFacts(folder);
    yield { kind: 'state', state: 'running' };
    const waiting: JobEvent[] = [];
    const tail = new ProgressTail(join(folder, facts.output, 'progress.jsonl'), (event) => waiting.push(event));
    for (;;) {
      signal.throwIfAborted();
      const found = await readJobFile(folder);
      const state = found?.id === job.id ? found.state : undefined;
      await tail.read();
      yield* waiting.splice(0);
      if (state === 'succeeded') {
        yield { kind: 'state', state: 'succeeded', exitCode: 0 };
        return;
      }
      if (state === undefined) {
        const cause = new Cancelled('The process that ran this job has ended, and the job with it.');
        yield { kind: 'state', state: 'cancelled', error: cause.message, cause };
        return;
      }
      await sleep(POLL_MS);
    }
  }
}

const jobOf = ({ key, id, folder, verb }: JobFile): Job => ({ backend: 'local', id, key, details: { folder, verb } });

/** The trainer writes inside the job's folder, and nowhere else. */
function outputIn(folder: string, output: string): string {
  const path = resolve(folder, output);
  const inside = relative(folder, path);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) {
    throw new UserError('job-invalid', `output: expected a folder inside the job's, found ${output}.`);
  }
  return path;
}

/** Asks once for each key; an answer that failed is asked for again. */
function once<T>(answers: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(key);
  if (known) return known;
  const asked = ask();
  answers.set(key, asked);
  asked.catch(() => answers.delete(key));
  return asked;
}

async function readFacts(folder: string): Promise<JobFacts> {
  return jobSchema.parse(JSON.parse(await readFile(join(folder, 'job.json'), 'utf8')));
}

async function withFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw codeOf(error) === '' ? error : explainFileError(error, 'use the cache', folder);
  }
  return await work();
}
