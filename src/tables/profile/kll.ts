import { Random, STREAMS } from '../../statistics/random.ts';

const K = 1024;
const SHRINK = 2 / 3;
const LEVEL_MIN = 8;

/** Rank error of the whole distribution function at 99 % confidence, as a share of n: 2.446/k^0.9433. */
export const KLL_RANK_ERROR = 2.446 / K ** 0.9433;

/** A sketch as plain data. */
export interface KllState {
  readonly n: number;
  readonly levels: readonly (readonly number[])[];
}

/**
 * KLL quantile sketch (Karnin, Lang, Liberty 2016), k = 1024: a value on level h stands for 2^h values. Coin flips come from a fixed
 * stream, so that equal input in equal order gives an equal sketch.
 */
export class Kll {
  readonly #random: Random;
  #levels: number[][] = [[]];
  #held = 0;
  #bound = K;
  n = 0;

  constructor(index = 0) {
    this.#random = Random.of(0, STREAMS.sketches, index);
  }

  static from({ n, levels }: KllState, index: number): Kll {
    const made = new Kll(index);
    made.#levels = levels.map((level) => [...level]);
    made.#held = levels.reduce((held, level) => held + level.length, 0);
    made.#bound = made.#capacity();
    made.n = n;
    return made;
  }

  state(): KllState {
    return { n: this.n, levels: this.#levels };
  }

  add(value: number): void {
    this.#levels[0].push(value);
    this.#held++;
    this.n++;
    if (this.#held > this.#bound) this.#compress();
  }

  merge(other: Kll): void {
    for (const [h, level] of other.#levels.entries()) {
      this.#levels[h] ??= [];
      for (const value of level) this.#levels[h].push(value);
      this.#held += level.length;
    }
    this.n += other.n;
    this.#bound = this.#capacity();
    while (this.#held > this.#bound) this.#compress();
  }

  /** Values ascending with the number of values each stands for; the weights sum to n. */
  weighted(): { readonly values: Float64Array; readonly weights: Float64Array } {
    const pairs = this.#levels.flatMap((level, h) => level.map((value): [number, number] => [value, 2 ** h]));
    pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return { values: Float64Array.from(pairs, (pair) => pair[0]), weights: Float64Array.from(pairs, (pair) => pair[1]) };
  }

  #levelCapacity(h: number): number {
    return Math.max(LEVEL_MIN, Math.ceil(K * SHRINK ** (this.#levels.length - 1 - h)));
  }

  #capacity(): number {
    let all = 0;
    for (let h = 0; h < this.#levels.length; h++) all += this.#levelCapacity(h);
    return all;
  }

  /** Halves the lowest level that is over its share: every second value, from a random start, moves up with double weight. */
  #compress(): void {
    for (let h = 0; h < this.#levels.length; h++) {
      const level = this.#levels[h];
      if (level.length < this.#levelCapacity(h)) continue;
      if (h + 1 === this.#levels.length) {
        this.#levels.push([]);
        this.#bound = this.#capacity();
      }
      level.sort((a, b) => a - b);
      const kept = level.length % 2 === 1 ? [level.pop() as number] : [];
      const above = this.#levels[h + 1];
      for (let i = this.#random.u32() & 1; i < level.length; i += 2) above.push(level[i]);
      this.#held -= level.length / 2;
      this.#levels[h] = kept;
      return;
    }
  }
}
