import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildBundle } from '../bundle/build-bundle.ts';
import { root } from '../process.ts';

/** The peer is Node itself. */
export const withoutPython = true;

const TIMES = 7;
/** Seconds an action may take to its first own line, without a cloud's SDK: issue "the same pipeline on GitHub". */
const TARGET_S = 0.15;

/** Each action from the start of its process to its first own line, from the bundle, beside an empty Node; and the bundle's size. */
export async function bench(): Promise<readonly object[]> {
  const folder = mkdtempSync(join(tmpdir(), 'retrain-bench-'));
  try {
    for (const name of ['package.json', 'actions']) cpSync(join(root, name), join(folder, name), { recursive: true });
    const dist = join(folder, 'actions', 'dist');
    if (!existsSync(dist)) await buildBundle(dist);
    const actions = readdirSync(join(folder, 'actions')).filter((name) => existsSync(join(folder, 'actions', name, 'index.js')));
    const empty = await fastest(['-e', "console.log('')"], folder);
    const measures: object[] = [];
    for (const action of actions.filter((name) => name !== 'dist')) {
      const ours = await fastest([join(folder, 'actions', action, 'index.js')], folder);
      measures.push({
        name: `start ${action}`,
        ours_s: ours,
        peer: 'empty Node',
        peer_s: empty,
        target_s: TARGET_S,
        met: ours <= TARGET_S,
      });
    }
    return [...measures, sizeOf(dist)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds to the first byte on standard output, the fastest of several starts. */
async function fastest(args: readonly string[], cwd: string): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < TIMES; time += 1) best = Math.min(best, await firstOutput(args, cwd));
  return Math.round(best * 1000) / 1000;
}

function firstOutput(args: readonly string[], cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const env = { PATH: process.env.PATH, GITHUB_ACTIONS: 'true', RUNNER_TEMP: cwd, GITHUB_OUTPUT: '/dev/null', GITHUB_STATE: '/dev/null' };
    const child = spawn(process.execPath, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let seconds: number | undefined;
    child.stdout.on('data', () => {
      seconds ??= (performance.now() - began) / 1000;
    });
    child.once('error', reject);
    child.once('close', () => (seconds === undefined ? reject(new Error(`${args.join(' ')} printed nothing`)) : resolve(seconds)));
  });
}

function sizeOf(dist: string): object {
  const files = readdirSync(dist).map((name) => join(dist, name));
  const megabytes = (of: (file: string) => number) => Math.round(files.reduce((sum, file) => sum + of(file), 0) / 1e4) / 100;
  const webAssembly = files.filter((file) => file.endsWith('.wasm')).reduce((sum, file) => sum + statSync(file).size, 0);
  return {
    name: 'size of the bundle',
    files: files.length,
    mb: megabytes((file) => statSync(file).size),
    of_which_web_assembly_mb: Math.round(webAssembly / 1e4) / 100,
    gzipped_mb: megabytes((file) => gzipSync(readFileSync(file)).length),
  };
}
