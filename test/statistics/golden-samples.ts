import { readFileSync } from 'node:fs';
import { Random, STREAMS } from '../../src/statistics/random.ts';

export interface SampleSpec {
  readonly kind: 'uniform' | 'halves' | 'few' | 'normal' | 'constant';
  readonly n: number;
  readonly index: number;
  readonly shift?: number;
  readonly scale?: number;
}

const VALUE = {
  uniform: (random: Random) => random.float(),
  halves: (random: Random) => Math.floor(random.normal() * 2 + 0.5) / 2,
  few: (random: Random) => random.below(4),
  normal: (random: Random) => random.normal(),
  constant: () => 1,
} as const;

/** Rows of a golden sample: the twin of `sample` in tools/golden/statistics_golden.py. */
export function sampleOf({ kind, n, index, shift = 0, scale = 1 }: SampleSpec): Float64Array {
  const random = Random.of(20240101, STREAMS.synthetic, index);
  return Float64Array.from({ length: n }, () => VALUE[kind](random) * scale + shift);
}

const WORDS: Record<string, number> = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY };

/** A golden file; the words `nan`, `inf` and `-inf` are numbers. */
export function golden<T>(name: string): T {
  const text = readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text, (_, value) => (typeof value === 'string' && value in WORDS ? WORDS[value] : value)) as T;
}
