import { midranks } from '../statistics/sort.ts';
import { cellText, columnIndex, HashList, hashKey, NumberList, rowText, shareOf } from './row-keys.ts';
import type { Split } from './split.ts';
import { LEFT_OUT, type Part } from './split-parts.ts';
import type { Table } from './table.ts';

export interface LeakageFinding {
  readonly kind: 'rows-in-two-parts' | 'entities-in-two-parts' | 'text-in-two-parts' | 'target-in-disguise';
  readonly columns: readonly string[];
  /** One sentence for the reader. */
  readonly text: string;
  /** Rows of the later part that are known to train, or the AUC. */
  readonly value: number;
  /** 1-based rows of the table: one of train, one of the other part. */
  readonly examples: readonly (readonly [train: number, other: number])[];
}

export interface LeakageOptions {
  readonly target?: string;
  /** Columns whose values must not be in train and another part, e.g. a patient or a question. */
  readonly entities?: readonly string[];
  readonly texts?: readonly string[];
  /** Columns that are no features (key, dates that are carried): not looked at for the target in disguise. */
  readonly notFeatures?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A single feature that separates the classes this well is the target in disguise. */
const AUC_LIMIT = 0.99;
const EXAMPLES = 5;
const CLASS_ROWS_MIN = 10;

/**
 * Looks for what a model could not know in service: the same row, entity or text in train and in a part that judges;
 * a feature whose AUC alone is .99 or more (binary target, train part; categories are scored by their target mean in one half and
 * judged in the other). Memory: 8 bytes a row for each column looked at.
 */
export async function findLeakage(table: Table, split: Split, options: LeakageOptions = {}): Promise<readonly LeakageFinding[]> {
  const { target, entities = [], texts = [], signal } = options;
  for (const name of [...entities, ...texts]) columnIndex(table.schema, name, table.name);
  const features = table.schema
    .map(({ name }) => name)
    .filter((name) => name !== target && !split.by.includes(name) && !options.notFeatures?.includes(name));
  const rows = new HashList();
  const watched = [
    ...entities.map((name) => ({ name, kind: 'entities-in-two-parts' as const })),
    ...texts.map((name) => ({ name, kind: 'text-in-two-parts' as const })),
  ];
  const values = watched.map(() => ({ hashes: new HashList(), at: new NumberList() }));
  const compared = target === undefined ? table.schema : table.schema.filter(({ name }) => name !== target && !split.by.includes(name));
  for await (const batch of table.batches(signal && { signal })) {
    const positions = compared.map(({ name }) => batch.schema.findIndex((field) => field.name === name));
    const narrow = { ...batch, schema: compared, columns: positions.map((position) => batch.columns[position]!) };
    watched.forEach(({ name, kind }, index) => {
      const position = batch.schema.findIndex((field) => field.name === name);
      for (let row = 0; row < batch.rows; row++) {
        const text = cellText(batch.columns[position]!, batch.schema[position]!, row);
        if (text === undefined) continue;
        const { high, low } = hashKey('leak', kind === 'text-in-two-parts' ? normalText(text) : text);
        values[index]!.hashes.push(high, low);
        values[index]!.at.push(batch.firstRow + row);
      }
    });
    for (let row = 0; row < batch.rows; row++) {
      const { high, low } = hashKey('leak', rowText(narrow, row));
      rows.push(high, low);
    }
  }
  const findings: LeakageFinding[] = [];
  const same = shared(rows, undefined, split);
  if (same.count > 0) {
    const share = Math.round((same.count / rows.length) * 1000) / 10;
    findings.push({
      kind: 'rows-in-two-parts',
      columns: [],
      value: same.count,
      examples: same.examples,
      text: `${same.count} rows (${share} %) of test, validation or out-of-time have the same features as a row of train.`,
    });
  }
  watched.forEach(({ name, kind }, index) => {
    const found = shared(values[index]!.hashes, values[index]!.at, split);
    if (found.count === 0) return;
    const what = kind === 'text-in-two-parts' ? 'text (apart from case and blanks)' : 'value';
    findings.push({
      kind,
      columns: [name],
      value: found.count,
      examples: found.examples,
      text: `${found.count} rows of the other parts have a ${what} in "${name}" that train has, too.`,
    });
  });
  if (target !== undefined) findings.push(...(await disguises(table, split, target, features, signal)));
  return findings;
}

const normalText = (text: string): string => text.trim().replace(/\s+/gu, ' ').toLowerCase();

/** Entries outside train whose hash also stands in train. */
function shared(hashes: HashList, at: NumberList | undefined, split: Split): { count: number; examples: (readonly [number, number])[] } {
  const rowOf = (index: number) => (at ? at.view()[index]! : index);
  const partOf = (index: number): Part | undefined => split.parts[split.partOf[rowOf(index)]!];
  const train = hashes.sorted((index) => partOf(index) === 'train');
  const key = (index: number) => (BigInt(hashes.high(index)) << 32n) | BigInt(hashes.low(index));
  let count = 0;
  const wanted = new Map<bigint, number>();
  for (let index = 0; index < hashes.length; index++) {
    const part = partOf(index);
    if (part === undefined || part === 'train' || !includes(train, key(index))) continue;
    count++;
    if (wanted.size < EXAMPLES && !wanted.has(key(index))) wanted.set(key(index), index);
  }
  const examples: (readonly [number, number])[] = [];
  for (let index = 0; wanted.size > 0 && index < hashes.length; index++) {
    const other = partOf(index) === 'train' ? wanted.get(key(index)) : undefined;
    if (other === undefined) continue;
    examples.push([rowOf(index) + 1, rowOf(other) + 1]);
    wanted.delete(key(index));
  }
  return { count, examples };
}

function includes(sorted: BigUint64Array, wanted: bigint): boolean {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]! < wanted) from = middle + 1;
    else to = middle;
  }
  return sorted[from] === wanted;
}

/** Features of the train part that alone tell the two classes apart. */
async function disguises(
  table: Table,
  split: Split,
  target: string,
  features: readonly string[],
  signal?: AbortSignal,
): Promise<readonly LeakageFinding[]> {
  const classes = await binaryTarget(table, split, target, signal);
  if (!classes) return [];
  const findings: LeakageFinding[] = [];
  for (const name of features) {
    const auc = await singleFeatureAuc(table, name, classes, signal);
    if (auc === undefined || auc < AUC_LIMIT) continue;
    const shown = Math.floor(auc * 10_000) / 10_000;
    findings.push({
      kind: 'target-in-disguise',
      columns: [name],
      value: auc,
      examples: [],
      text: `"${name}" alone separates the classes of "${target}" with an AUC of ${shown}: is it known before the target is?`,
    });
  }
  return findings;
}

/** 1 and 0 for the two classes of the target in train rows, NaN elsewhere; undefined when there are not two classes of 10 rows. */
async function binaryTarget(table: Table, split: Split, target: string, signal?: AbortSignal): Promise<Float64Array | undefined> {
  const classes = new Map<string, number>();
  const counts: number[] = [];
  const found = new Float64Array(split.partOf.length).fill(Number.NaN);
  for await (const batch of table.batches({ columns: [target], ...(signal && { signal }) })) {
    for (let row = 0; row < batch.rows; row++) {
      const part = split.partOf[batch.firstRow + row]!;
      if (part === LEFT_OUT || split.parts[part] !== 'train') continue;
      const label = cellText(batch.columns[0]!, batch.schema[0]!, row);
      if (label === undefined) continue;
      if (!classes.has(label)) {
        if (classes.size === 2) return undefined;
        classes.set(label, classes.size);
        counts.push(0);
      }
      const code = classes.get(label)!;
      counts[code]!++;
      found[batch.firstRow + row] = code;
    }
  }
  return counts.length === 2 && counts.every((count) => count >= CLASS_ROWS_MIN) ? found : undefined;
}

async function singleFeatureAuc(table: Table, name: string, classes: Float64Array, signal?: AbortSignal): Promise<number | undefined> {
  const field = table.schema[columnIndex(table.schema, name, table.name)]!;
  const scores = new NumberList();
  const labels = new NumberList();
  const means = new Map<string, { sum: number; n: number }>();
  const judged: { readonly text: string; readonly label: number }[] = [];
  for await (const batch of table.batches({ columns: [name], ...(signal && { signal }) })) {
    const column = batch.columns[0]!;
    for (let row = 0; row < batch.rows; row++) {
      const label = classes[batch.firstRow + row]!;
      if (Number.isNaN(label)) continue;
      if (column.kind === 'number') {
        if (Number.isNaN(column.values[row]!)) continue;
        scores.push(column.values[row]!);
        labels.push(label);
        continue;
      }
      const text = cellText(column, field, row);
      if (text === undefined) continue;
      // Half of the rows, by hash, give the target mean of a category; the other half is judged.
      const { high, low } = hashKey('half', String(batch.firstRow + row));
      if (shareOf(high, low) < 0.5) {
        const known = means.get(text) ?? { sum: 0, n: 0 };
        known.sum += label;
        known.n++;
        means.set(text, known);
      } else judged.push({ text, label });
    }
  }
  if (field.type === 'text') {
    const total = [...means.values()].reduce((sum, { sum: s, n }) => ({ s: sum.s + s, n: sum.n + n }), { s: 0, n: 0 });
    const overall = total.n === 0 ? 0 : total.s / total.n;
    for (const { text, label } of judged) {
      const mean = means.get(text);
      scores.push(mean ? mean.sum / mean.n : overall);
      labels.push(label);
    }
  }
  return aucOf(scores.view(), labels.view());
}

/** Area under the ROC curve, the larger of both directions; undefined without 10 rows of each class. */
function aucOf(scores: Float64Array, labels: Float64Array): number | undefined {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  if (positives < CLASS_ROWS_MIN || negatives < CLASS_ROWS_MIN) return undefined;
  const ranks = midranks(scores);
  let sum = 0;
  for (let i = 0; i < ranks.length; i++) sum += ranks[i]! * labels[i]!;
  const auc = (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
  return Math.max(auc, 1 - auc);
}
