import type { Numbers } from './numbers.ts';

/** Serialised state of `Moments`. */
export interface MomentsState {
  readonly n: number;
  readonly mean: number;
  /** What the rounding of `mean` left: the mean is mean + rest, so that merged parts keep their digits. */
  readonly rest: number;
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
}

const BLOCK = 4096;

/**
 * Running moments of finite values: n, mean and Σ(x - mean)^k for k = 2, 3, 4. Each block is centred on its own mean and joined by the
 * formulas of Chan and Pébay (2008), so the state of parts merges to the state of the whole.
 */
export class Moments {
  n = 0;
  mean = 0;
  rest = 0;
  m2 = 0;
  m3 = 0;
  m4 = 0;

  static of(values: Numbers): Moments {
    const moments = new Moments();
    moments.add(values);
    return moments;
  }

  static from(state: MomentsState): Moments {
    return Object.assign(new Moments(), state);
  }

  state(): MomentsState {
    return { n: this.n, mean: this.mean, rest: this.rest, m2: this.m2, m3: this.m3, m4: this.m4 };
  }

  /** Adds values from `from` to `to` (exclusive); NaN and ±∞ must have been left out. */
  add(values: Numbers, from = 0, to = values.length): void {
    for (let start = from; start < to; start += BLOCK) {
      const end = Math.min(start + BLOCK, to);
      const n = end - start;
      let total = 0;
      for (let i = start; i < end; i++) total += values[i]!;
      let mean = total / n;
      if (!Number.isFinite(mean)) {
        mean = 0;
        for (let i = start; i < end; i++) mean += values[i]! / n;
      }
      let rest = 0;
      for (let i = start; i < end; i++) rest += values[i]! - mean;
      rest /= n;
      let m2 = 0;
      let m3 = 0;
      let m4 = 0;
      for (let i = start; i < end; i++) {
        const d = values[i]! - mean - rest;
        const square = d * d;
        m2 += square;
        m3 += square * d;
        m4 += square * square;
      }
      this.merge({ n, mean, rest, m2, m3, m4 });
    }
  }

  merge(other: MomentsState): void {
    const [na, nb] = [this.n, other.n];
    if (nb === 0) return;
    if (na === 0) {
      Object.assign(this, { n: nb, mean: other.mean, rest: other.rest, m2: other.m2, m3: other.m3, m4: other.m4 });
      return;
    }
    const n = na + nb;
    const d = other.mean - this.mean + (other.rest - this.rest);
    const step = d / n;
    const cross = d * step * na * nb;
    this.m4 +=
      other.m4 +
      cross * step * step * (na * na - na * nb + nb * nb) +
      6 * step * step * (na * na * other.m2 + nb * nb * this.m2) +
      4 * step * (na * other.m3 - nb * this.m3);
    this.m3 += other.m3 + cross * step * (na - nb) + 3 * step * (na * other.m2 - nb * this.m2);
    this.m2 += other.m2 + cross;
    const moved = this.rest + step * nb;
    const centre = this.mean + moved;
    this.rest = this.mean - centre + moved;
    this.mean = centre;
    this.n = n;
  }

  /** Variance with ddof 0 or 1; NaN when n ≤ ddof. */
  variance(ddof: 0 | 1 = 1): number {
    return this.n > ddof ? this.m2 / (this.n - ddof) : Number.NaN;
  }

  deviation(ddof: 0 | 1 = 1): number {
    return Math.sqrt(this.variance(ddof));
  }

  /** True when the spread is no more than the rounding of the mean: higher moments mean nothing then. */
  get constant(): boolean {
    return this.n === 0 || this.m2 <= this.n * (Number.EPSILON * this.mean) ** 2;
  }

  /** Population skewness m₃/m₂^1.5; NaN for constant data. */
  skewness(): number {
    return this.constant ? Number.NaN : (Math.sqrt(this.n) * (this.m3 / this.m2)) / Math.sqrt(this.m2);
  }

  /** Population excess kurtosis m₄/m₂² - 3; NaN for constant data. */
  kurtosis(): number {
    return this.constant ? Number.NaN : (this.n * (this.m4 / this.m2)) / this.m2 - 3;
  }

  /** Skewness adjusted for sample size: √(n(n-1))/(n-2)·g₁, n ≥ 3; 0 for constant data, as pandas has it. */
  adjustedSkewness(): number {
    const { n } = this;
    if (n < 3) return Number.NaN;
    return this.constant ? 0 : (Math.sqrt(n * (n - 1)) / (n - 2)) * this.skewness();
  }

  /** Excess kurtosis adjusted for sample size: (n-1)/((n-2)(n-3))·((n+1)g₂ + 6), n ≥ 4; 0 for constant data, as pandas has it. */
  adjustedKurtosis(): number {
    const { n } = this;
    if (n < 4) return Number.NaN;
    return this.constant ? 0 : ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * this.kurtosis() + 6);
  }
}
