import { BadInput } from '../../tables/bad-input.ts';
import { type Numbers, requireCounts, requireSameLength, sum } from '../numbers.ts';
import { chiSquareSf } from '../special/distributions.ts';
import type { Tested, TestResult } from './tested.ts';

export interface ContingencyResult extends TestResult {
  readonly df: number;
  /** Cells with an expected count below 5. */
  readonly smallCells: number;
  /** Cramér's V. */
  readonly cramerV: number;
  /** Cramér's V with the bias correction of Bergsma (2013). */
  readonly cramerVCorrected: number;
  readonly n: number;
}

/** Rows and columns that hold anything, with their totals. */
function margins(table: readonly Numbers[]): { cells: number[][]; rows: number[]; columns: number[]; n: number } {
  for (const row of table) {
    requireCounts(row, 'contingency table');
    requireSameLength(table[0]!, row, 'contingency table');
  }
  const filled = table.map((row) => Array.from(row)).filter((row) => row.some((count) => count > 0));
  const width = table[0]?.length ?? 0;
  const kept = Array.from({ length: width }, (_, c) => c).filter((c) => filled.some((row) => row[c]! > 0));
  const cells = filled.map((row) => kept.map((c) => row[c]!));
  const rows = cells.map((row) => sum(row));
  const columns = kept.map((_, c) => sum(cells.map((row) => row[c]!)));
  return { cells, rows, columns, n: sum(rows) };
}

/**
 * Test of independence on a table of counts (rows of cells): Pearson's Σ(O - E)²/E, or G = 2ΣO ln(O/E). Empty rows and columns are dropped
 * first; with one row or column left the statistic is 0 and p is 1. No Yates correction unless `yates` is set, which acts on 2×2 only (S20).
 */
export function chiSquareContingency(
  table: readonly Numbers[],
  { statistic: kind = 'pearson', yates = false }: { statistic?: 'pearson' | 'g'; yates?: boolean } = {},
): Tested<ContingencyResult> {
  const { cells, rows, columns, n } = margins(table);
  if (n === 0) return { notComputable: 'empty', n: 0 };
  const df = (rows.length - 1) * (columns.length - 1);
  let statistic = 0;
  let smallCells = 0;
  let pearson = 0;
  for (let r = 0; r < rows.length; r++) {
    for (let c = 0; c < columns.length; c++) {
      const expected = (rows[r]! * columns[c]!) / n;
      const observed = cells[r]![c]!;
      if (expected < 5) smallCells++;
      pearson += (observed - expected) ** 2 / expected;
      statistic += cellTerm(observed, expected, kind, yates && rows.length === 2 && columns.length === 2);
    }
  }
  if (df === 0) return { statistic: 0, p: 1, df, smallCells, cramerV: 0, cramerVCorrected: 0, n };
  return { statistic, p: chiSquareSf(statistic, df), df, smallCells, n, ...cramer(pearson, n, rows.length, columns.length) };
}

function cellTerm(observed: number, expected: number, kind: 'pearson' | 'g', yates: boolean): number {
  const gap = observed - expected;
  const shrunk = yates ? gap - Math.sign(gap) * Math.min(0.5, Math.abs(gap)) : gap;
  if (kind === 'pearson') return (shrunk * shrunk) / expected;
  const moved = expected + shrunk;
  return moved === 0 ? 0 : 2 * moved * Math.log(moved / expected);
}

function cramer(pearson: number, n: number, r: number, c: number): { cramerV: number; cramerVCorrected: number } {
  const phi = pearson / n;
  const corrected = Math.max(0, phi - ((r - 1) * (c - 1)) / (n - 1));
  const least = Math.min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1;
  return { cramerV: Math.sqrt(phi / Math.min(r - 1, c - 1)), cramerVCorrected: least > 0 ? Math.sqrt(corrected / least) : 0 };
}

/**
 * Goodness of fit of counts to expected counts (equal ones when left out), df = categories - 1. The sums must agree to 1.5e-8 relative.
 * One category, or nothing expected where nothing was observed: not computable.
 */
export function chiSquareFit(observed: Numbers, expected?: Numbers, kind: 'pearson' | 'g' = 'pearson'): Tested {
  requireCounts(observed, 'observed counts');
  const n = sum(observed);
  if (observed.length === 0 || n === 0) return { notComputable: 'empty', n: 0 };
  if (observed.length === 1) return { notComputable: 'constant', n };
  const wanted = expected ?? Array.from(observed, () => n / observed.length);
  requireSameLength(observed, wanted, 'goodness of fit');
  requireCounts(wanted, 'expected counts');
  const total = sum(wanted);
  if (Math.abs(total - n) > 1.5e-8 * Math.min(total, n)) {
    throw new BadInput(
      'sums-differ',
      `goodness of fit: expected counts sum to ${total}, observed to ${n}.`,
      {},
      'scale the expected counts',
    );
  }
  let statistic = 0;
  for (let i = 0; i < observed.length; i++) {
    if (wanted[i] === 0 && observed[i] === 0) return { notComputable: 'zero-denominator', n };
    statistic += cellTerm(observed[i]!, wanted[i]!, kind, false);
  }
  return { statistic, p: chiSquareSf(statistic, observed.length - 1), df: observed.length - 1 };
}

/** Mutual information of a table of counts, Σp ln(p/(p_r p_c)), in nats; not computable without rows. */
export function mutualInformation(table: readonly Numbers[]): number {
  const { cells, rows, columns, n } = margins(table);
  if (n === 0) return Number.NaN;
  const terms = cells.flatMap((row, r) =>
    row.map((count, c) => (count === 0 ? 0 : (count / n) * Math.log((count * n) / (rows[r]! * columns[c]!)))),
  );
  return Math.max(0, sum(terms));
}
