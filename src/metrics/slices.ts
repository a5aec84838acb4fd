import type { Estimate } from '../statistics/estimate.ts';
import { BadInput } from '../tables/bad-input.ts';
import { type Origin, placeOf } from './column-checks.ts';
import { type LabelColumn, labelCount, labelsOf } from './labels.ts';
import type { EstimateOptions, Metric, Rows } from './metric.ts';

/** A column that cuts rows into groups; code -1 is a missing value and its own group `(missing)`. */
export interface Slicing {
  /** Name of the column, or of the crossing: `gender & age`. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly codes: Int32Array;
}

export const MISSING_GROUP = '(missing)';

/** Age bands used where none are declared (D17). */
export const DEFAULT_AGE_EDGES: readonly number[] = [25, 35, 45, 55, 65];

/** Groups by the values of a column, numbers ascending before text by code point. */
export function sliceByValue(name: string, column: LabelColumn): Slicing {
  const groups = labelsOf([column]);
  const codeOf = new Map(groups.map((label, code) => [label, code]));
  const codes = new Int32Array(labelCount(column));
  if ('codes' in column) {
    const translated = Int32Array.from(column.dictionary, (label) => codeOf.get(label) ?? -1);
    for (let i = 0; i < codes.length; i++) codes[i] = column.codes[i]! < 0 ? -1 : translated[column.codes[i]!]!;
  } else {
    for (let i = 0; i < codes.length; i++) {
      const value: unknown = column[i];
      codes[i] = value === undefined || value === null ? -1 : (codeOf.get(String(value)) ?? -1);
    }
  }
  return { name, groups, codes };
}

/** Groups of a numeric column between edges, left closed: `<25`, `25–35`, …, `≥65`. NaN is missing. `wholeNumbers` writes `25–34` and `65+`. */
export function sliceByEdges(
  name: string,
  values: ArrayLike<number>,
  edges: readonly number[],
  { wholeNumbers = false, origin = {} }: { wholeNumbers?: boolean; origin?: Origin } = {},
): Slicing {
  if (edges.length === 0) throw new BadInput('no-edges', `slices of ${name} need at least one edge.`);
  for (let e = 0; e < edges.length; e++) {
    if (Number.isFinite(edges[e]) && (e === 0 || edges[e]! > edges[e - 1]!)) continue;
    throw new BadInput('bad-edges', `the edges of ${name} should rise: ${edges.join(', ')}.`);
  }
  const codes = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY)
      throw new BadInput('non-finite', `expected a finite number and found ${x}.`, placeOf(origin, i, name));
    codes[i] = Number.isNaN(x) ? -1 : edgesUpTo(edges, x);
  }
  return { name, groups: bandNames(edges, wholeNumbers), codes };
}

/** Every combination of two slicings that occurs, names joined with ` & `. */
export function crossSlices(a: Slicing, b: Slicing): Slicing {
  if (a.codes.length !== b.codes.length) throw new RangeError('Only slicings of the same rows can be crossed.');
  const width = b.groups.length + 1;
  const seen = new Uint8Array((a.groups.length + 1) * width);
  const cell = (i: number): number => (a.codes[i]! + 1) * width + b.codes[i]! + 1;
  for (let i = 0; i < a.codes.length; i++) seen[cell(i)] = 1;
  const groups: string[] = [];
  const codeOf = new Int32Array(seen.length);
  for (let c = 0; c < seen.length; c++) {
    if (!seen[c]) continue;
    codeOf[c] = groups.length;
    groups.push(`${groupName(a, Math.floor(c / width) - 1)} & ${groupName(b, (c % width) - 1)}`);
  }
  return { name: `${a.name} & ${b.name}`, groups, codes: a.codes.map((_, i) => codeOf[cell(i)]!) };
}

/** Row positions of every group, the missing one last if there is one: one counting sort. */
export function positionsByGroup({ groups, codes }: Slicing): { readonly group: string; readonly positions: Uint32Array }[] {
  const last = groups.length;
  const starts = new Uint32Array(last + 2);
  for (let i = 0; i < codes.length; i++) starts[(codes[i]! < 0 ? last : codes[i]!) + 1]!++;
  for (let g = 1; g < starts.length; g++) starts[g]! += starts[g - 1]!;
  const sorted = new Uint32Array(codes.length);
  const next = starts.slice();
  for (let i = 0; i < codes.length; i++) sorted[next[codes[i]! < 0 ? last : codes[i]!]!++] = i;
  const out = groups.map((group, g) => ({ group, positions: sorted.subarray(starts[g]!, starts[g + 1]!) }));
  if (starts[last + 1]! > starts[last]!) out.push({ group: MISSING_GROUP, positions: sorted.subarray(starts[last]!, starts[last + 1]!) });
  return out;
}

export interface SliceEstimate {
  readonly slice: string;
  readonly group: string;
  /** Rows of the group. */
  readonly rows: number;
  readonly estimate: Estimate;
}

/** A metric on each group's rows; a group below `minimum` rows is `too-few`. */
export async function estimateSlices<R extends Rows>(
  metric: Metric<R>,
  rows: R,
  slicing: Slicing,
  { minimum = 30, ...options }: EstimateOptions & { readonly minimum?: number } = {},
): Promise<SliceEstimate[]> {
  if (rows.n !== slicing.codes.length)
    throw new RangeError(`${slicing.name} slices ${slicing.codes.length} rows, the predictions are ${rows.n}.`);
  const out: SliceEstimate[] = [];
  for (const { group, positions } of positionsByGroup(slicing)) {
    const n = positions.length;
    const estimate: Estimate =
      n < minimum ? { notComputable: n === 0 ? 'empty' : 'too-few', n } : await metric.estimate(rows.take(positions), options);
    out.push({ slice: slicing.name, group, rows: n, estimate });
  }
  return out;
}

const groupName = ({ groups }: Slicing, code: number): string => (code < 0 ? MISSING_GROUP : groups[code]!);

function edgesUpTo(edges: readonly number[], x: number): number {
  let band = 0;
  while (band < edges.length && edges[band]! <= x) band++;
  return band;
}

function bandNames(edges: readonly number[], wholeNumbers: boolean): string[] {
  const whole = wholeNumbers && edges.every(Number.isInteger);
  const between = edges.slice(1).map((high, i) => `${edges[i]}–${whole ? high - 1 : high}`);
  const last = edges.at(-1)!;
  return [`<${edges[0]}`, ...between, whole ? `${last}+` : `≥${last}`];
}
