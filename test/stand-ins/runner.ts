import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How an action is started: the process's arguments after `node`. */
export type Start = (stage: string) => readonly string[];

const START = join(dirname(fileURLToPath(import.meta.url)), 'start-action.ts');
export const fromSources: Start = (stage) => [START, stage];
export const fromFolder =
  (actions: string): Start =>
  (stage) => [join(actions, stage, 'index.js')];

export interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** What a runner has of a step when it is over. */
export interface StepEnd {
  readonly code: number | null;
  readonly signal: string | null;
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

/** Commands a runner knows; another name is a line of the log. */
const KNOWN = new Set(
  'set-env set-output save-state add-path add-mask add-matcher remove-matcher debug warning error notice group endgroup echo stop-commands'.split(
    ' ',
  ),
);
const SUMMARY_BYTES_MAX = 1024 * 1024;
const ANNOTATIONS_MAX = 10;
// github-actions.md, "Cancelling and time".
const INTERRUPT_MS = 7_500;
const TERMINATE_MS = 2_500;

/** One job on one machine: a workspace, a temporary folder, masks; steps that run actions as child processes. */
export class RunnerJob implements AsyncDisposable {
  readonly folder: string;
  readonly masks = new Set<string>();
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

  /** Runs an action to its end. `with`: as in a workflow; an empty text is what the runner sends for an absent input. */
  run(stage: string, inputs: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}): Promise<StepEnd> {
    return this.begin(stage, inputs, env).then(({ ended }) => ended);
  }

  /** Runs the post step of an action: with the state it kept, without its inputs. */
  post(stage: string, step: StepEnd): Promise<StepEnd> {
    return this.run(stage, {}, Object.fromEntries(Object.entries(step.state).map(([name, value]) => [`STATE_${name}`, value])));
  }

  async begin(
    stage: string,
    inputs: Readonly<Record<string, string>> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly child: ChildProcess; readonly ended: Promise<StepEnd>; cancel(): void; seen(): string }> {
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
    const child = spawn(process.execPath, [...this.#start(stage)], {
      cwd: this.workspace,
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: this.workspace,
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: 'octo/models',
        GITHUB_RUN_ID: '4711',
        GITHUB_RUN_ATTEMPT: '1',
        RUNNER_TEMP: this.temp,
        ...this.#env,
        ...files,
        ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value])),
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
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
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
    exit: { readonly code: number | null; readonly signal: string | null },
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

/** Commands as the runner finds them: `::name k=v::data` at the start of a line, `##[name k=v]data` anywhere in it. */
function parseLog(printed: string): { readonly commands: readonly Command[]; readonly lines: readonly string[] } {
  const commands: Command[] = [];
  const lines: string[] = [];
  let stopped: string | undefined;
  for (const line of printed.split(/\r\n|\n|\r/)) {
    const second = /^\s*::([a-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/i.exec(line);
    if (stopped !== undefined) {
      if (second?.[1] === stopped) stopped = undefined;
      else lines.push(line);
      continue;
    }
    const first = second ? null : /##\[([a-z-]+)(?: ([^\]]*))?\](.*)$/i.exec(line);
    const [, name = '', properties = '', data = ''] = second ?? first ?? [];
    if (!KNOWN.has(name.toLowerCase())) {
      if (line !== '') lines.push(line);
      continue;
    }
    if (name === 'stop-commands') stopped = data;
    commands.push({
      name: name.toLowerCase(),
      properties: Object.fromEntries(
        properties
          .split(second ? ',' : ';')
          .filter((part) => part.includes('='))
          .map((part) => [part.slice(0, part.indexOf('=')).trim(), unescaped(part.slice(part.indexOf('=') + 1))]),
      ),
      data: unescaped(data),
    });
  }
  return { commands, lines };
}

const unescaped = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%');

/** `name=value` and `name<<DELIMITER` lines; a later one wins. */
function parseFile(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    const heredoc = /^([^=<]+)<<(.+)$/.exec(line);
    if (heredoc) {
      const end = lines.indexOf(heredoc[2]!, at + 1);
      if (end < 0) throw new Error(`no end ${heredoc[2]} of ${heredoc[1]}`);
      found[heredoc[1]!] = lines.slice(at + 1, end).join('\n');
      at = end;
    } else if (line.includes('=')) found[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
    else if (line !== '') throw new Error(`not a line of a runner's file: ${line}`);
  }
  return found;
}
