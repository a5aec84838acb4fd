import { createHash } from 'node:crypto';
import { normalQuantile } from './special/normal.ts';

/** What a stream of random numbers is for: one seed serves all purposes without overlap. */
export const STREAMS = { bootstrap: 1, permutation: 2, splits: 3, sampling: 4, sketches: 5, synthetic: 6 } as const;

/** 64-bit seed as two 32-bit halves; `number` stands for { low: seed mod 2³², high: ⌊seed/2³²⌋ }. */
export interface Seed {
  readonly low: number;
  readonly high: number;
}

const TWO_32 = 4294967296;
const TWO_MINUS_32 = 2 ** -32;

/** Halves of a seed. Whole numbers to 2⁵³ - 1 or 64-bit bigints; anything else is a `RangeError`. */
export function seedOf(seed: number | bigint | Seed): Seed {
  if (typeof seed === 'object') return { low: seed.low >>> 0, high: seed.high >>> 0 };
  if (typeof seed === 'bigint') return { low: Number(seed & 0xffffffffn), high: Number((seed >> 32n) & 0xffffffffn) };
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`a seed is a whole number from 0 to 2^53 - 1, not ${seed}`);
  return { low: seed % TWO_32, high: Math.floor(seed / TWO_32) };
}

/** Default seed of a run: the first 64 bits of SHA-256 of its idempotency key, as an unsigned integer. */
export const seedFromKey = (key: string): bigint => createHash('sha256').update(key, 'utf8').digest().readBigUInt64BE(0);

/** High half of the 64-bit product of two 32-bit words. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = aLow * bHigh + (middle % 65536);
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536);
}

/** Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): one block of four 32-bit words. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const high1 = highProduct(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * xoshiro128** (Blackman, Vigna) whose 128-bit state is one Philox block of (seed, index, stream): every replicate has its own state,
 * so that any number of workers in any order draws the same numbers (S4).
 */
export class Random {
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;

  constructor(state: readonly [number, number, number, number]) {
    [this.#s0, this.#s1, this.#s2, this.#s3] = [state[0] | 0, state[1] | 0, state[2] | 0, state[3] | 0];
  }

  /** The generator of replicate `index` of a stream. `index` is a whole number below 2⁵³. */
  static of(seed: number | bigint | Seed, stream: number, index = 0): Random {
    return new Random(stateOf(seed, stream, index));
  }

  /** 32 random bits, 0…2³² - 1. */
  u32(): number {
    const s1 = this.#s1;
    const five = Math.imul(s1, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9);
    this.#s2 ^= this.#s0;
    const s3 = this.#s3 ^ s1;
    this.#s1 = s1 ^ this.#s2;
    this.#s0 ^= s3;
    this.#s2 ^= s1 << 9;
    this.#s3 = (s3 << 11) | (s3 >>> 21);
    return result >>> 0;
  }

  /** Uniform on [0, 1) with 53 bits. */
  float(): number {
    const high = this.u32() >>> 5;
    return (high * 67108864 + (this.u32() >>> 6)) / 9007199254740992;
  }

  /** Uniform on 0…n - 1 without bias (Lemire), 1 ≤ n < 2³². */
  below(n: number): number {
    const threshold = rejectedBelow(n);
    for (;;) {
      const word = this.u32();
      if (Math.imul(word, n) >>> 0 >= threshold) return n <= 2097152 ? (word * n * TWO_MINUS_32) | 0 : highProduct(word, n);
    }
  }

  /** Standard normal deviate: Φ⁻¹ of a 52-bit uniform that is never 0 or 1. */
  normal(): number {
    const high = this.u32();
    return normalQuantile((high * 1048576 + (this.u32() >>> 12) + 0.5) / 4503599627370496);
  }

  /** Fills `rows` with draws of `below(n)`. */
  fillBelow(rows: Uint32Array | Int32Array, n: number): void {
    drawRows(this, rows, n);
  }

  /** Fisher-Yates in place, from the end. */
  shuffle<T extends { readonly length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return items;
  }

  /** The four state words, for loops that carry the generator in local variables. */
  state(): [number, number, number, number] {
    return [this.#s0 >>> 0, this.#s1 >>> 0, this.#s2 >>> 0, this.#s3 >>> 0];
  }

  restore(s0: number, s1: number, s2: number, s3: number): void {
    [this.#s0, this.#s1, this.#s2, this.#s3] = [s0 | 0, s1 | 0, s2 | 0, s3 | 0];
  }
}

/** State of replicate `index` of `stream`: Philox with key = seed and counter = (index, stream, 0). */
export function stateOf(seed: number | bigint | Seed, stream: number, index: number): [number, number, number, number] {
  const { low, high } = seedOf(seed);
  return philox([index % TWO_32, Math.floor(index / TWO_32), stream, 0], [low, high]);
}

/** 2³² mod n: low products under it would make some results likelier than others. */
function rejectedBelow(n: number): number {
  if (!(Number.isInteger(n) && n >= 1 && n < TWO_32)) throw new RangeError(`a bound is a whole number from 1 to 2^32 - 1, not ${n}`);
  return (TWO_32 - n) % n;
}

/** The hot loop of every bootstrap: the generator's state in local variables, one bounded draw per row. */
function drawRows(random: Random, rows: Uint32Array | Int32Array, n: number): void {
  let [s0, s1, s2, s3] = random.state();
  const threshold = rejectedBelow(n);
  const small = n <= 2097152;
  for (let i = 0; i < rows.length; i++) {
    for (;;) {
      const five = Math.imul(s1, 5);
      const word = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
      const shifted = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= shifted;
      s3 = (s3 << 11) | (s3 >>> 21);
      if (Math.imul(word, n) >>> 0 >= threshold) {
        rows[i] = small ? (word * n * TWO_MINUS_32) | 0 : highProduct(word, n);
        break;
      }
    }
  }
  random.restore(s0, s1, s2, s3);
}
