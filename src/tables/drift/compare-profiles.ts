import { adjust } from '../../statistics/corrections.ts';
import { isTested } from '../../statistics/tests/tested.ts';
import { twoProportions } from '../../statistics/tests/two-by-two.ts';
import { BadInput } from '../bad-input.ts';
import { nearest } from '../nearest.ts';
import type { ColumnProfile, Profile } from '../profile-types.ts';
import { type Measured, measureColumn, type Pair } from './column-drift.ts';
import type { DriftMethod, DriftSpec } from './drift-schema.ts';
import { measureLikeEvidently } from './evidently.ts';

export type DriftRole = 'feature' | 'target' | 'prediction';

/** Shares of missing cells, tested as a column of its own. */
export interface MissingDrift {
  readonly reference: number;
  readonly current: number;
  readonly p?: number;
  readonly adjustedP?: number;
  readonly drifted: boolean;
}

export interface ColumnDrift extends Partial<Omit<Measured, 'judgedBy'>> {
  readonly column: string;
  readonly role: DriftRole;
  readonly kind: ColumnProfile['kind'];
  readonly adjustedP?: number;
  readonly drifted: boolean;
  /** `error`: the column is empty or absent on one side, or of another type: nothing can be compared. */
  readonly verdict: 'drifted' | 'stable' | 'too-few' | 'error';
  /** PSI from .1 and from .25, the customary words. */
  readonly size?: 'moderate' | 'major';
  /** Non-missing rows. */
  readonly n: { readonly reference: number; readonly current: number };
  readonly missing: MissingDrift;
}

export interface DriftReport {
  readonly method: DriftMethod;
  readonly rule: DriftSpec['rule'];
  readonly threshold: number;
  /** Features first, in the order of the reference; then target and predictions. */
  readonly columns: readonly ColumnDrift[];
  /** Feature columns that could be judged, and of these drifted. */
  readonly judged: number;
  readonly driftedColumns: number;
  /** driftedColumns / judged; absent when nothing could be judged. */
  readonly share?: number;
  readonly drifted: boolean;
  /** Why the data set counts as drifted. */
  readonly reasons: readonly string[];
  /** Columns of the new data that the reference does not have. */
  readonly newColumns: readonly string[];
}

export interface CompareOptions extends Partial<DriftSpec> {
  readonly target?: string;
  readonly predictions?: readonly string[];
  /** KS or chi-square beside the binned distances, for the reader. Default true. */
  readonly secondOpinion?: boolean;
}

/** Below this many non-missing rows on a side nothing is judged. */
const ROWS_MIN = 30;
const P_LIMIT = 0.01;
const MISSING_DIFFERENCE_MIN = 0.05;
const PSI_MODERATE = 0.1;
const PSI_MAJOR = 0.25;

/**
 * Compares new data with the data a model learned from, by their profiles alone (S16–S22 of the statistics page, D20).
 * With the binned distances and any number of columns that have not moved, one of them counts as drifted in at most 5 % of comparisons.
 * Throws `BadInput` `unknown-column` when `critical` names a column that the reference does not have.
 */
export function compareProfiles(reference: Profile, current: Profile, options: CompareOptions = {}): DriftReport {
  const {
    method = 'psi',
    rule = 'column-share',
    threshold = 0.5,
    critical = [],
    ignore = [],
    target,
    predictions = [],
    secondOpinion = true,
  } = options;
  const limit = rule === 'max-distance' ? threshold : (options.limit ?? (method === 'ks' || method === 'chi2' ? 0.05 : 0.1));
  refuseUnknown(critical, reference);
  const now = new Map(current.columns.map((column) => [column.name, column]));
  const roleOf = (name: string): DriftRole => (name === target ? 'target' : predictions.includes(name) ? 'prediction' : 'feature');
  const compared = reference.columns.filter(({ name }) => !ignore.includes(name));
  const pairs = compared.map((before) => pairOf(before, now.get(before.name)));
  const count = Math.max(1, pairs.filter((pair) => 'kind' in pair && !tooFew(pair)).length);
  const measured = pairs.map((pair): Measured | undefined => {
    if (!('kind' in pair) || tooFew(pair)) return undefined;
    return method === 'evidently' ? measureLikeEvidently(pair) : measureColumn(pair, { method, limit, columns: count, secondOpinion });
  });
  const missing = compared.map((before) => missingTest(before, reference.rows, now.get(before.name), current.rows));
  // One family: the columns' tests and those of their missing shares (S21).
  const tests = measured.map((column) => (column?.judgedBy === 'test' ? column.p! : Number.NaN));
  const adjusted = adjust([...tests, ...missing.map(({ p }) => p ?? Number.NaN)], 'bh');

  const columns = compared.map((before, index): ColumnDrift => {
    const { name, kind } = before;
    const pair = pairs[index]!;
    const adjustedP = adjusted[index]!;
    const missingP = adjusted[compared.length + index]!;
    const shares = missing[index]!;
    const common = {
      column: name,
      role: roleOf(name),
      kind,
      n: { reference: before.count, current: now.get(name)?.count ?? 0 },
      missing: {
        ...shares,
        ...(!Number.isNaN(missingP) && { adjustedP: missingP }),
        drifted: missingP < P_LIMIT && Math.abs(shares.current - shares.reference) >= MISSING_DIFFERENCE_MIN,
      },
    };
    if (!('kind' in pair)) return { ...common, verdict: 'error', drifted: false, note: pair.problem };
    const found = measured[index];
    if (!found) return { ...common, verdict: 'too-few', drifted: false, note: `Fewer than ${ROWS_MIN} rows on a side.` };
    const { judgedBy, ...shown } = found;
    const drifted =
      judgedBy === 'p'
        ? found.p! <= found.limit
        : found.distance >= found.limit && found.distance > 0 && (judgedBy === 'distance' || adjustedP < P_LIMIT);
    const size =
      found.method !== 'psi' ? undefined : found.distance >= PSI_MAJOR ? 'major' : found.distance >= PSI_MODERATE ? 'moderate' : undefined;
    return {
      ...common,
      ...shown,
      ...(!Number.isNaN(adjustedP) && { adjustedP }),
      drifted,
      verdict: drifted ? 'drifted' : 'stable',
      ...(size && { size }),
    };
  });
  columns.sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));

  const features = columns.filter(({ role, verdict }) => role === 'feature' && (verdict === 'drifted' || verdict === 'stable'));
  const driftedColumns = features.filter(({ drifted }) => drifted);
  const share = features.length === 0 ? undefined : driftedColumns.length / features.length;
  const reasons = reasonsOf(columns, driftedColumns, share, rule, threshold, critical);
  return {
    method,
    rule,
    threshold,
    columns,
    judged: features.length,
    driftedColumns: driftedColumns.length,
    ...(share !== undefined && { share }),
    drifted: reasons.length > 0,
    reasons,
    newColumns: current.columns.map(({ name }) => name).filter((name) => !reference.columns.some((column) => column.name === name)),
  };
}

const ROLES: readonly DriftRole[] = ['feature', 'target', 'prediction'];

function reasonsOf(
  columns: readonly ColumnDrift[],
  driftedColumns: readonly ColumnDrift[],
  share: number | undefined,
  rule: DriftSpec['rule'],
  threshold: number,
  critical: readonly string[],
): readonly string[] {
  const reasons: string[] = [];
  const percent = (part: number) => `${Math.round(part * 1000) / 10} %`;
  if (rule === 'column-share' && share !== undefined && driftedColumns.length > 0 && share >= threshold) {
    reasons.push(`${percent(share)} of the feature columns drifted (threshold ${percent(threshold)}).`);
  }
  if (rule !== 'column-share' && driftedColumns.length > 0) {
    const worst = driftedColumns.reduce((a, b) => (b.distance! > a.distance! ? b : a));
    reasons.push(
      `${driftedColumns.length} feature column${driftedColumns.length === 1 ? '' : 's'} drifted, "${worst.column}" most (${worst.method} ${worst.distance!.toPrecision(3)}).`,
    );
  }
  for (const { column, drifted, missing, role } of columns) {
    if (drifted && critical.includes(column)) reasons.push(`The critical column "${column}" drifted.`);
    if (missing.drifted && role === 'feature')
      reasons.push(`Missing cells of "${column}" went from ${percent(missing.reference)} to ${percent(missing.current)}.`);
  }
  return reasons;
}

function refuseUnknown(critical: readonly string[], reference: Profile): void {
  const names = reference.columns.map(({ name }) => name);
  const wrong = critical.find((name) => !names.includes(name));
  if (wrong === undefined) return;
  const near = nearest(wrong, names);
  throw new BadInput(
    'unknown-column',
    `critical: the reference has no column "${wrong}".${near ? ` Did you mean "${near}"?` : ''}`,
    {},
    `There are ${names.join(', ')}.`,
  );
}

const isTime = ({ type }: ColumnProfile) => type === 'date' || type === 'timestamp';

function pairOf(reference: ColumnProfile, current: ColumnProfile | undefined): Pair | { readonly problem: string } {
  if (!current) return { problem: 'The new data has no such column.' };
  if (reference.count === 0 && current.count > 0) return { problem: 'The column was empty in the reference.' };
  if (current.count === 0 && reference.count > 0) return { problem: 'The column is empty in the new data.' };
  if (reference.kind === 'numeric' && current.kind === 'numeric' && isTime(reference) === isTime(current))
    return { kind: 'numeric', reference, current };
  if (reference.kind === 'categorical' && current.kind === 'categorical') return { kind: 'categorical', reference, current };
  return { problem: `The type went from ${reference.type} to ${current.type}.` };
}

const tooFew = ({ reference, current }: Pair): boolean => reference.count < ROWS_MIN || current.count < ROWS_MIN;

function missingTest(
  before: ColumnProfile,
  rowsBefore: number,
  after: ColumnProfile | undefined,
  rowsAfter: number,
): { reference: number; current: number; p?: number } {
  const reference = rowsBefore === 0 ? 0 : before.missing / rowsBefore;
  if (!after) return { reference, current: 0 };
  const current = rowsAfter === 0 ? 0 : after.missing / rowsAfter;
  const tested = twoProportions(before.missing, rowsBefore, after.missing, rowsAfter);
  return { reference, current, ...(isTested(tested) && { p: tested.p }) };
}
