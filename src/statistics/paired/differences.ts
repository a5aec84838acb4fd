import { mean, type Numbers, requireFinite, requireSameLength, variance } from '../numbers.ts';
import { midranks, sortNumbers, tieTerm } from '../sort.ts';
import { normalCdf, normalSf, normalTwoSided } from '../special/normal.ts';
import { studentP } from '../tests/samples.ts';
import type { Alternative, Tested, TestResult } from '../tests/tested.ts';
import { binomialTest } from '../tests/two-by-two.ts';

/** Row-wise differences a - b of two columns of the same rows. */
export function differencesOf(a: Numbers, b: Numbers): Float64Array {
  requireSameLength(a, b, 'paired differences');
  return Float64Array.from(a, (x, i) => x - b[i]!);
}

/** t test of row-wise differences against 0: mean/(s/√n). Fewer than two: `too-few`; all equal: `constant`. */
export function pairedT(differences: Numbers, alternative: Alternative = 'two-sided'): Tested {
  requireFinite(differences, 'differences');
  const n = differences.length;
  if (n < 2) return { notComputable: n === 0 ? 'empty' : 'too-few', n };
  const deviation = Math.sqrt(variance(differences));
  if (deviation === 0) return { notComputable: 'constant', n };
  const statistic = mean(differences) / (deviation / Math.sqrt(n));
  return { statistic, p: studentP(statistic, n - 1, alternative), df: n - 1 };
}

/** Sign test: the share of positive among non-zero differences, by the exact binomial; 1 when all are 0. */
export function signTest(differences: Numbers, alternative: Alternative = 'two-sided'): TestResult {
  requireFinite(differences, 'differences');
  let positive = 0;
  let negative = 0;
  for (let i = 0; i < differences.length; i++) {
    if (differences[i]! > 0) positive++;
    else if (differences[i]! < 0) negative++;
  }
  return { ...binomialTest(positive, positive + negative, 0.5, alternative), statistic: positive };
}

export interface WilcoxonOptions {
  /** Zeros: dropped (`wilcox`), ranked and then dropped (`pratt`), or halved between both sides (`zsplit`). */
  readonly zeros?: 'wilcox' | 'pratt' | 'zsplit';
  readonly alternative?: Alternative;
  readonly method?: 'auto' | 'exact' | 'asymptotic';
}

/**
 * Wilcoxon's signed-rank test as scipy has it. `auto`: up to 50 rows without ties or zeros the exact law; up to 13 rows with them all signs are
 * enumerated; else the normal with tie term, without continuity correction. Two-sided statistic: the smaller rank sum, else R⁺. All 0: p = 1.
 */
export function wilcoxon(
  differences: Numbers,
  { zeros = 'wilcox', alternative = 'two-sided', method = 'auto' }: WilcoxonOptions = {},
): TestResult {
  requireFinite(differences, 'differences');
  const rows = Array.from(differences).filter((d) => zeros !== 'wilcox' || d !== 0);
  const sizes = rows.map(Math.abs);
  const ranks = midranks(sizes);
  const zeroCount = rows.filter((d) => d === 0).length;
  const anyZero = Array.from(differences).includes(0);
  let plus = 0;
  let minus = 0;
  let split = 0;
  rows.forEach((d, i) => {
    if (d > 0) plus += ranks[i]!;
    else if (d < 0) minus += ranks[i]!;
    else if (zeros === 'zsplit') split += ranks[i]! / 2;
  });
  plus += split;
  minus += split;
  const statistic = alternative === 'two-sided' ? Math.min(plus, minus) : plus;
  const active = ranks.filter((_, i) => rows[i] !== 0);
  if (active.length === 0) return { statistic, p: 1, method: 'exact' };
  const ties = tieTerm(sortNumbers(sizes)) > 0;
  if (method === 'exact' || (method === 'auto' && differences.length <= 50 && !ties && !anyZero)) {
    const whole = Float64Array.from(ranks, (_, i) => i + 1);
    return { statistic, p: tailP(whole, plus, alternative), method: 'exact' };
  }
  if (method === 'auto' && differences.length <= 13)
    return { statistic, p: tailP(active, plus - split, alternative), method: 'enumerated' };
  const n = rows.length;
  const zeroPart = zeros === 'pratt' ? zeroCount : 0;
  const centre = (n * (n + 1) - zeroPart * (zeroPart + 1)) / 4;
  const tieSizes = zeros === 'pratt' ? sizes.filter((size) => size !== 0) : sizes;
  const spread = n * (n + 1) * (2 * n + 1) - zeroPart * (zeroPart + 1) * (2 * zeroPart + 1) - tieTerm(sortNumbers(tieSizes)) / 2;
  const z = (plus - centre) / Math.sqrt(spread / 24);
  const p = alternative === 'two-sided' ? normalTwoSided(z) : alternative === 'greater' ? normalSf(z) : normalCdf(z);
  return { statistic, p, method: 'asymptotic' };
}

/** Tail of R⁺ when every rank (halves allowed) has a fair sign; a value between two is taken to the likelier side. */
function tailP(ranks: Float64Array, plus: number, alternative: Alternative): number {
  const doubled = ranks.map((rank) => Math.round(2 * rank));
  const most = doubled.reduce((total, rank) => total + rank, 0);
  const shares = new Float64Array(most + 1);
  shares[0] = 1;
  let reach = 0;
  for (const rank of doubled) {
    reach += rank;
    for (let k = reach; k >= 0; k--) shares[k] = (shares[k]! + (k >= rank ? shares[k - rank]! : 0)) / 2;
  }
  const whole = doubled.every((rank) => rank % 2 === 0);
  const [up, down] = whole ? [2 * Math.floor(plus), 2 * Math.ceil(plus)] : [Math.round(2 * plus), Math.round(2 * plus)];
  let upper = 0;
  let lower = 0;
  for (let k = 0; k <= most; k++) {
    if (k >= up) upper += shares[k]!;
    if (k <= down) lower += shares[k]!;
  }
  if (alternative === 'greater') return Math.min(1, upper);
  return Math.min(1, alternative === 'less' ? lower : 2 * Math.min(upper, lower));
}
