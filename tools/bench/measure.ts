import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { captureProgram, root } from '../process.ts';

/** One line of a bench: our seconds and peak memory beside the peer's, and how many times faster we are. */
export interface Measure {
  readonly name: string;
  readonly ours_s: number;
  readonly peer: string;
  readonly peer_s: number;
  readonly ratio: number;
  readonly ours_mb: number;
  readonly peer_mb: number;
}

/** What a program prints as its last line: seconds without start and imports, its peak memory, and results to compare. */
export interface Timed {
  readonly seconds: number;
  readonly mb: number;
  readonly found?: unknown;
}

export const rows = Number(process.env.BENCH_ROWS ?? 5_000_000);

/** Where the generated files lie; they are made once. */
export const dataFolder = join(root, '.cache', 'bench-data');
mkdirSync(dataFolder, { recursive: true });

const programs = join(root, 'tools', 'bench', 'programs');

/** Runs one of our programs in a process of its own. */
export const runOurs = (program: string, ...args: string[]): Promise<Timed> => run(process.execPath, [join(programs, program), ...args]);

/** Runs a peer's program in the bench's Python. */
export const runPeer = (program: string, ...args: string[]): Promise<Timed> =>
  run(process.env.BENCH_PYTHON ?? 'python3', [join(programs, program), ...args]);

/** The faster of two runs each, alternating, so that a busy machine hurts both alike. */
export async function compare(name: string, peer: string, ours: () => Promise<Timed>, theirs: () => Promise<Timed>): Promise<Measure> {
  const our = [await ours()];
  const their = [await theirs()];
  our.push(await ours());
  their.push(await theirs());
  const best = (all: readonly Timed[]): Timed => all.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  return measureOf(name, peer, best(our), best(their));
}

export function measureOf(name: string, peer: string, our: Timed, their: Timed): Measure {
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    name,
    ours_s: round(our.seconds),
    peer,
    peer_s: round(their.seconds),
    ratio: round(their.seconds / our.seconds),
    ours_mb: Math.round(our.mb),
    peer_mb: Math.round(their.mb),
  };
}

async function run(program: string, args: string[]): Promise<Timed> {
  const { code, output } = await captureProgram(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Timed;
}
