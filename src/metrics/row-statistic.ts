import { sum } from '../statistics/numbers.ts';

/** A figure of n rows that can be taken again when rows are repeated or left out: what bootstrap and delta method need of it. */
export interface RowStatistic {
  readonly n: number;
  /** NaN where the figure is not defined; so are its replicates. */
  readonly value: number;
  /** The figure of the rows at these positions, which may repeat. */
  replicate(positions: Uint32Array): number;
  /** The figure without row i, for each i. */
  jackknife(): Float64Array;
  /** n·∂(figure)/∂(multiplicity of row i), for each i: its variance over n is the figure's squared standard error. */
  influence(): Float64Array;
}

/** Candidate minus champion over the same rows. */
export function differenceOf(candidate: RowStatistic, champion: RowStatistic): RowStatistic {
  if (candidate.n !== champion.n) throw new RangeError('A difference needs two figures of the same rows.');
  const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value - b[i]!);
  return {
    n: candidate.n,
    value: candidate.value - champion.value,
    replicate: (positions) => candidate.replicate(positions) - champion.replicate(positions),
    jackknife: () => minus(candidate.jackknife(), champion.jackknife()),
    influence: () => minus(candidate.influence(), champion.influence()),
  };
}

/** Standard error by the delta method: √((mean φ² - (mean φ)²)/n). */
export function influenceError(statistic: RowStatistic): number {
  const influence = statistic.influence();
  const n = influence.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += influence[i]!;
  mean /= n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (influence[i]! - mean) ** 2;
  return Math.sqrt(squares / n / n);
}

/**
 * A smooth function of counts over few cells, each row falling into one cell (with a weight of its own, if given).
 * The gradient is a five-point difference quotient; `scale(cell)` is the count by which the function bends in that cell, at least one row.
 */
export function cellStatistic(
  codes: Int32Array,
  cells: Float64Array,
  of: (cells: Float64Array) => number,
  scale: (cell: number) => number,
  weights?: Float64Array,
): RowStatistic {
  const n = codes.length;
  const value = of(cells);
  const drawn = new Float64Array(cells.length);
  return {
    n,
    value,
    replicate(positions) {
      drawn.fill(0);
      if (weights === undefined) for (let i = 0; i < positions.length; i++) drawn[codes[positions[i]!]!]!++;
      else for (let i = 0; i < positions.length; i++) drawn[codes[positions[i]!]!]! += weights[positions[i]!]!;
      return of(drawn);
    },
    jackknife() {
      const changed = Float64Array.from(cells);
      const without = (cell: number, weight: number): number => {
        changed[cell]! -= weight;
        const figure = of(changed);
        changed[cell] = cells[cell]!;
        return figure;
      };
      if (weights !== undefined) return Float64Array.from(codes, (cell, i) => without(cell, weights[i]!));
      const perCell = Float64Array.from(cells, (count, cell) => (count > 0 ? without(cell, 1) : 0));
      return Float64Array.from(codes, (cell) => perCell[cell]!);
    },
    influence() {
      const changed = Float64Array.from(cells);
      const at = (cell: number, step: number): number => {
        changed[cell] = cells[cell]! + step;
        const figure = of(changed);
        changed[cell] = cells[cell]!;
        return figure;
      };
      const gradient = Float64Array.from(cells, (count, cell) => {
        if (count <= 0) return 0;
        const h = scale(cell) * 1e-3;
        return (at(cell, -2 * h) - 8 * at(cell, -h) + 8 * at(cell, h) - at(cell, 2 * h)) / (12 * h);
      });
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++) out[i] = n * gradient[codes[i]!]! * (weights === undefined ? 1 : weights[i]!);
      return out;
    },
  };
}

/**
 * A smooth function of column sums: Σ of each column over the rows, then `of(sums, rows)`.
 * The gradient is a five-point difference quotient with steps of a thousandth of each column's root-mean-square sum.
 */
export function sumStatistic(columns: readonly Float64Array[], of: (sums: Float64Array) => number): RowStatistic {
  const n = columns[0]?.length ?? 0;
  const width = columns.length;
  const sums = new Float64Array(width);
  for (let c = 0; c < width; c++) sums[c] = sum(columns[c]!);
  const drawn = new Float64Array(width);
  return {
    n,
    value: of(sums),
    replicate(positions) {
      for (let c = 0; c < width; c++) {
        const column = columns[c]!;
        let total = 0;
        for (let i = 0; i < positions.length; i++) total += column[positions[i]!]!;
        drawn[c] = total;
      }
      return of(drawn);
    },
    jackknife() {
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < width; c++) drawn[c] = sums[c]! - columns[c]![i]!;
        out[i] = of(drawn);
      }
      return out;
    },
    influence() {
      const out = new Float64Array(n);
      for (let c = 0; c < width; c++) {
        const column = columns[c]!;
        let squares = 0;
        for (let i = 0; i < n; i++) squares += column[i]! * column[i]!;
        const h = Math.sqrt(squares * n) * 1e-3;
        if (h === 0) continue;
        const at = (step: number): number => {
          drawn.set(sums);
          drawn[c] = sums[c]! + step;
          return of(drawn);
        };
        const slope = (at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h);
        for (let i = 0; i < n; i++) out[i]! += n * slope * column[i]!;
      }
      return out;
    },
  };
}
