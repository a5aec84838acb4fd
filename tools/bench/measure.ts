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
  /** Processor seconds of all threads: other work on the machine disturbs them less than the clock's. */
  readonly ours_cpu_s?: number;
  readonly peer_cpu_s?: number;
}

/** What a program prints as its last line: seconds without start and imports, its peak memory, and results to compare. */
export interface Timed {
  readonly seconds: number;
  readonly cpu: number;
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

/** The best of two runs of each, alternating, so that a busy machine hurts all alike: the least seconds, the most memory. */
export async function alternate<Name extends string>(works: Readonly<Record<Name, () => Promise<Timed>>>): Promise<Record<Name, Timed>> {
  const names = Object.keys(works) as Name[];
  const runs = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Timed[]>;
  for (let round = 0; round < 2; round++) for (const name of names) runs[name].push(await works[name]());
  return Object.fromEntries(names.map((name) => [name, bestOf(runs[name])])) as Record<Name, Timed>;
}

const bestOf = (runs: readonly Timed[]): Timed => ({
  seconds: Math.min(...runs.map(({ seconds }) => seconds)),
  cpu: Math.min(...runs.map(({ cpu }) => cpu)),
  mb: Math.max(...runs.map(({ mb }) => mb)),
});

/** {@link alternate} for two. */
export async function compare(name: string, peer: string, ours: () => Promise<Timed>, theirs: () => Promise<Timed>): Promise<Measure> {
  const { our, their } = await alternate({ our: ours, their: theirs });
  return measureOf(name, peer, our, their);
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
    ours_cpu_s: round(our.cpu),
    peer_cpu_s: round(their.cpu),
  };
}

async function run(program: string, args: string[]): Promise<Timed> {
  const { code, output } = await captureProgram(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Timed;
}
