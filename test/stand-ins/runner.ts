import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, parseFile, parseLog } from './runner-commands.ts';

/** How an action is started: the process's arguments after `node`. */
export type Start = (stage: string) => readonly string[];

const START = join(dirname(fileURLToPath(import.meta.url)), 'start-action.ts');
export const fromSources: Start = (stage) => [START, stage];
export const fromFolder =
  (actions: string): Start =>
  (stage) => [join(actions, stage, 'index.js')];

/** What a runner has of a step when it is over. */
export interface StepEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** From the start of the process to its end. */
  readonly seconds: number;
  /** The log as people see it: masked, commands taken out. */
  readonly log: readonly string[];
  readonly commands: readonly Command[];
  readonly errors: readonly Command[];
  readonly warnings: readonly Command[];
  readonly outputs: Readonly<Record<string, string>>;
  /** Outputs that are lost because a masked text stands in them. */
  readonly dropped: readonly string[];
  readonly state: Readonly<Record<string, string>>;
  /** Raw text of the state file: it must hold no secret. */
  readonly stateFile: string;
  readonly summary: string;
}

const SUMMARY_BYTES_MAX = 1024 * 1024;
const ANNOTATIONS_MAX = 10;
// github-actions.md, "Cancelling and time".
const INTERRUPT_MS = 7_500;
const TERMINATE_MS = 2_500;

/** A step that has begun. */
export interface Begun {
  readonly child: ChildProcess;
  readonly ended: Promise<StepEnd>;
  cancel(): void;
  seen(): string;
}

/** One job on one machine: a workspace, a temporary folder, masks; steps that run actions as child processes. */
export class RunnerJob implements AsyncDisposable {
  readonly folder: string;
  readonly masks = new Set<string>();
  /** Folders that steps have put before the PATH. */
  readonly paths: string[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #start: Start;
  #steps = 0;

  private constructor(folder: string, start: Start, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#start = start;
    this.#env = env;
  }

  static async begin({
    start = fromSources,
    env = {},
  }: {
    start?: Start;
    env?: Readonly<Record<string, string>>;
  } = {}): Promise<RunnerJob> {
    const job = new RunnerJob(await mkdtemp(join(tmpdir(), 'retrain-runner-')), start, env);
    await mkdir(job.workspace);
    await mkdir(job.temp);
    return job;
  }

  get workspace(): string {
    return join(this.folder, 'workspace');
  }

  get temp(): string {
    return join(this.folder, 'temp');
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.workspace, path)), { recursive: true });
    await writeFile(join(this.workspace, path), text);
  }

  /** Runs an action to its end. */
  run(stage: string, inputs: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}): Promise<StepEnd> {
    return this.begin(stage, inputs, env).then(({ ended }) => ended);
  }

  /** Runs the post step of an action: with the state it kept, without its inputs. */
  post(stage: string, step: StepEnd): Promise<StepEnd> {
    return this.run(stage, {}, Object.fromEntries(Object.entries(step.state).map(([name, value]) => [`STATE_${name}`, value])));
  }

  /** Begins an action. `with`: as in a workflow; an empty text is what the runner sends for an absent input. */
  begin(stage: string, inputs: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}): Promise<Begun> {
    const given = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]);
    return this.#begin(process.execPath, this.#start(stage), { ...Object.fromEntries(given), ...env });
  }

  /** Begins what `run:` says, in the shell a runner takes where none is named. */
  async beginScript(text: string, env: Readonly<Record<string, string>> = {}): Promise<Begun> {
    const path = join(this.temp, `script-${this.#steps}.sh`);
    await writeFile(path, text);
    return this.#begin('bash', ['-e', path], env);
  }

  async #begin(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Begun> {
    this.#steps += 1;
    const file = (name: string) => join(this.folder, `${this.#steps}-${name}`);
    const files = {
      GITHUB_OUTPUT: file('output'),
      GITHUB_STATE: file('state'),
      GITHUB_STEP_SUMMARY: file('summary'),
      GITHUB_ENV: file('env'),
      GITHUB_PATH: file('path'),
    };
    await Promise.all(Object.values(files).map((path) => writeFile(path, '')));
    const began = performance.now();
    const child = spawn(program, args, {
      cwd: this.workspace,
      env: {
        PATH: [...this.paths, process.env.PATH].join(delimiter),
        HOME: this.folder,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: this.workspace,
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: 'octo/models',
        GITHUB_RUN_ID: '4711',
        GITHUB_RUN_ATTEMPT: '1',
        RUNNER_TEMP: this.temp,
        GITHUB_EVENT_PATH: join(this.folder, 'event.json'),
        ...this.#env,
        ...files,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let seen = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
      });
    }
    const ended = new Promise<Pick<StepEnd, 'code' | 'signal' | 'seconds'>>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, seconds: (performance.now() - began) / 1000 }));
    }).then((exit) => this.#collect(exit, seen, files));
    const cancel = () => {
      child.kill('SIGINT');
      const terminate = setTimeout(() => child.kill('SIGTERM'), INTERRUPT_MS);
      const kill = setTimeout(() => child.kill('SIGKILL'), INTERRUPT_MS + TERMINATE_MS);
      child.once('close', () => {
        clearTimeout(terminate);
        clearTimeout(kill);
      });
    };
    return { child, ended, cancel, seen: () => seen };
  }

  async #collect(
    exit: Pick<StepEnd, 'code' | 'signal' | 'seconds'>,
    printed: string,
    files: Readonly<Record<'GITHUB_OUTPUT' | 'GITHUB_STATE' | 'GITHUB_STEP_SUMMARY', string>>,
  ): Promise<StepEnd> {
    const { commands, lines } = parseLog(printed);
    for (const { name, data } of commands) if (name === 'add-mask' && data.trim() !== '') this.masks.add(data);
    const stateFile = await readFile(files.GITHUB_STATE, 'utf8');
    const summaryBytes = (await stat(files.GITHUB_STEP_SUMMARY)).size;
    const outputs = parseFile(await readFile(files.GITHUB_OUTPUT, 'utf8'));
    const dropped = Object.keys(outputs).filter((name) => this.#masked(outputs[name]!) !== outputs[name]);
    const of = (kind: string) => commands.filter(({ name }) => name === kind).slice(0, ANNOTATIONS_MAX);
    return {
      ...exit,
      commands,
      log: lines.map((line) => this.#masked(line)),
      errors: of('error'),
      warnings: of('warning'),
      outputs: Object.fromEntries(Object.entries(outputs).filter(([name, value]) => value !== '' && !dropped.includes(name))),
      dropped,
      state: parseFile(stateFile),
      stateFile,
      summary: summaryBytes > SUMMARY_BYTES_MAX ? '' : this.#masked(await readFile(files.GITHUB_STEP_SUMMARY, 'utf8')),
    };
  }

  #masked(text: string): string {
    let masked = text;
    for (const secret of this.masks) {
      for (const form of [
        secret,
        Buffer.from(secret).toString('base64'),
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
      ]) {
        masked = masked.replaceAll(form, '***');
      }
    }
    return masked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
