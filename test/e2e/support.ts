import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Manifest, manifestSchema } from '../../src/kernel/record.ts';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Trainer environments are built once for all tests, and kept. */
export const CACHE = join(ROOT, '.cache', 'test');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own with a pipeline file and data, removed when the test ends. */
export class Project implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(files: Readonly<Record<string, string>> = {}): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'retrain-e2e-')));
    for (const [path, text] of Object.entries(files)) await project.write(path, text);
    return project;
  }

  async write(path: string, text: string | Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  copy(from: string, to: string): Promise<void> {
    return cp(from, join(this.folder, to), { recursive: true });
  }

  /** Starts the terminal and waits for it; `env` on top of a bare environment. */
  retrain(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [join(ROOT, 'src', 'main.ts'), ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH ?? '', HOME: this.folder, RETRAIN_CACHE: CACHE, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out, err }));
    });
    return { child, ended, output: () => out + err };
  }

  /** Manifests of all runs, oldest first. */
  async runs(home = '.retrain'): Promise<Manifest[]> {
    const folder = join(this.folder, home, 'runs');
    const found: Manifest[] = [];
    for (const id of await readdir(folder))
      found.push(manifestSchema.parse(JSON.parse(await readFile(join(folder, id, 'run.json'), 'utf8'))));
    return found.sort((a, b) => (a.started < b.started ? -1 : 1));
  }

  async lastRun(): Promise<Manifest> {
    const run = (await this.runs()).at(-1);
    if (!run) throw new Error('There is no run.');
    return run;
  }

  read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  async json(path: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.read(path)) as Record<string, unknown>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A record of a run, which must be there. */
export function recordOf(manifest: Manifest, stage: string) {
  const record = manifest.records.find((candidate) => candidate.stage === stage);
  if (!record) throw new Error(`${stage} left no record; there are ${manifest.records.map((one) => one.stage).join(', ')}.`);
  return record;
}

/** Whether a process runs; one that has ended and waits to be reaped does not. */
export async function runs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}
