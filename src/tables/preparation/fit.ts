import { BadInput } from '../bad-input.ts';
import { fitExpressions } from '../expression/fits.ts';
import { columnsOf, type Node, parseExpression, printNode, substitute } from '../expression/syntax.ts';
import { nearest } from '../nearest.ts';
import type { Schema, Table } from '../table.ts';
import type { Learner } from './learner.ts';
import { learnerOf, learnersOfColumn } from './learners-of-column.ts';
import { compileOrigin, originColumns, type ReadOptions } from './origin-reader.ts';
import { type Origin, outputNames, type Preparation, type Prepared, sealPreparation } from './preparation.ts';
import type { PreparationSpec } from './preparation-schema.ts';

export interface FitOptions {
  /** Columns that name a row: never features. */
  readonly key?: string | readonly string[];
  /** Never a feature. */
  readonly target?: string;
  /** Other columns that are carried along and are no features, e.g. a date the split used. */
  readonly carry?: readonly string[];
  /** Bytes that number columns may take at once; what does not fit is read in further passes. */
  readonly memory?: number;
  readonly signal?: AbortSignal;
}

const MEMORY = 2 ** 30;
/**
 * Learns from the training rows how columns become features. Equal to scikit-learn's SimpleImputer, StandardScaler
 * (population deviation) and OneHotEncoder(handle_unknown='ignore') to 1e-12.
 * Number columns are held in memory while they are fitted (8 bytes a row and column, at most `memory` at once).
 * Throws `BadInput`: `unknown-column`, `bad-expression`, `not-a-number`, `infinite-value`, `too-many-categories`,
 * `duplicate-feature`, `no-features`.
 */
export async function fitPreparation(table: Table, spec: PreparationSpec, options: FitOptions = {}): Promise<Preparation> {
  const keys = options.key === undefined ? [] : typeof options.key === 'string' ? [options.key] : options.key;
  const carried = [...new Set([...keys, ...(options.carry ?? []), ...(options.target === undefined ? [] : [options.target])])];
  refuseUnknown(table.schema, spec, options.target);
  const parsed = resolveFeatures(table.schema, spec, options.target);
  const fits = await fitExpressions(parsed, table, options.signal);
  const all = spec.passthrough.includes('*');
  const passthrough = all ? table.schema.map(({ name }) => name).filter((name) => !carried.includes(name)) : spec.passthrough;
  const apart = new Set([...carried, ...passthrough, ...spec.drop]);

  const context = { schema: table.schema, fits, table: table.name };
  const columns = table.schema.filter(({ name }) => !apart.has(name)).flatMap((field) => learnersOfColumn(field.name, field.type, spec));
  const features = parsed
    .filter(({ name }) => !apart.has(name))
    .flatMap(({ name, node }) => {
      const from: Origin = { kind: 'expression', expression: printNode(node) };
      const { type } = compileOrigin(from, context);
      return [learnerOf(name, from, type === 'date' ? 'number' : type, spec)];
    });
  const learners = [...columns, ...features];
  const rows = await learn(learners, table, {
    ...context,
    memory: options.memory ?? MEMORY,
    ...(options.signal && { signal: options.signal }),
  });

  const dropped = [...spec.drop.map((column) => ({ column, reason: 'declared under drop' }))];
  const warnings: string[] = [];
  const prepared: Prepared[] = [];
  for (const learner of learners) {
    const result = learner.finish();
    if (typeof result === 'string') dropped.push({ column: learner.name, reason: result });
    else prepared.push(result);
    warnings.push(...learner.warnings);
  }
  refuseRepeatedNames(prepared, [...carried, ...passthrough]);
  if (prepared.length === 0 && passthrough.length === 0) {
    throw new BadInput('no-features', `No feature is left: ${dropped.map(({ column, reason }) => `${column} (${reason})`).join('; ')}.`, {
      file: table.name,
    });
  }
  const read = new Set(prepared.flatMap(({ from }) => originColumns(from)));
  return sealPreparation({
    rows,
    carried,
    passthrough: [...passthrough],
    reads: table.schema.filter(({ name }) => read.has(name)).map(({ name, type }) => ({ name, type })),
    fits: [...fits]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([of, fit]) =>
        fit.kind === 'number'
          ? { kind: 'number', of, ...(fit.value !== undefined && { value: fit.value }) }
          : { kind: 'groups', of, ...(fit.overall !== undefined && { overall: fit.overall }), groups: [...fit.groups] },
      ),
    features: prepared,
    dropped,
    warnings,
  });
}

function refuseUnknown(schema: Schema, spec: PreparationSpec, target: string | undefined): void {
  const features = Object.keys(spec.features);
  const names = [...schema.map(({ name }) => name), ...features];
  const named = [
    ...spec.drop.map((name) => ['drop', name]),
    ...spec.passthrough.filter((name) => name !== '*').map((name) => ['passthrough', name]),
    ...Object.keys(spec.columns).map((name) => ['columns', name]),
  ] as [string, string][];
  for (const [section, name] of named) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new BadInput(
      'unknown-column',
      `${section}: there is no column "${name}".${near ? ` Did you mean "${near}"?` : ''}`,
      {},
      `There are ${names.join(', ')}.`,
    );
  }
  for (const name of features) {
    if (schema.some((field) => field.name === name))
      throw new BadInput('duplicate-feature', `features.${name}: the table has a column of this name.`);
    if (name === target) throw new BadInput('duplicate-feature', `features.${name}: this is the target.`);
  }
}

/** Expressions with features inside them replaced by theirs, so that all speak of columns of the table. */
function resolveFeatures(
  schema: Schema,
  spec: PreparationSpec,
  target: string | undefined,
): readonly { readonly name: string; readonly source: string; readonly node: Node }[] {
  const own = new Map(Object.entries(spec.features).map(([name, source]) => [name, { source, node: parseExpression(source) }]));
  const resolve = (name: string, inside: readonly string[]): Node => {
    if (inside.includes(name))
      throw new BadInput('bad-expression', `features.${name} is defined by itself: ${[...inside, name].join(' → ')}.`);
    return substitute(own.get(name)!.node, (column) =>
      own.has(column) && !schema.some((field) => field.name === column) ? resolve(column, [...inside, name]) : undefined,
    );
  };
  return [...own].map(([name, { source }]) => {
    const node = resolve(name, []);
    if (target !== undefined && columnsOf(node).has(target)) {
      throw new BadInput(
        'target-in-feature',
        `features.${name} reads the target "${target}": it would not be known when the model serves.`,
      );
    }
    return { name, source, node };
  });
}

async function learn(
  learners: readonly Learner[],
  table: Table,
  context: { schema: Schema; fits: ReadOptions['fits']; table: string; memory: number; signal?: AbortSignal },
): Promise<number> {
  let rows = 0;
  for (let waiting = learners; waiting.length > 0 || rows === 0; ) {
    const active = waiting.map((learner) => ({ learner, add: learner.reader({ ...context, missing: [] }) }));
    const needed = [...new Set(waiting.flatMap(({ from }) => originColumns(from)))];
    const put: Learner[] = [];
    rows = 0;
    for await (const batch of table.batches({
      columns: needed.length > 0 ? needed : [table.schema[0]!.name],
      ...(context.signal && { signal: context.signal }),
    })) {
      rows += batch.rows;
      for (const { add } of active) add(batch);
      while (active.length > 1 && active.reduce((sum, { learner }) => sum + learner.bytes(), 0) > context.memory) {
        const largest = active.reduce((a, b) => (b.learner.bytes() >= a.learner.bytes() ? b : a));
        active.splice(active.indexOf(largest), 1);
        largest.learner.forget();
        put.push(largest.learner);
      }
    }
    if (rows === 0) throw new BadInput('empty-table', 'There are no rows to learn from.', { file: table.name });
    waiting = put;
  }
  return rows;
}

function refuseRepeatedNames(features: readonly Prepared[], others: readonly string[]): void {
  const seen = new Set(others);
  for (const name of features.flatMap(outputNames)) {
    if (seen.has(name))
      throw new BadInput('duplicate-feature', `Two features would be called "${name}".`, {}, 'Rename one of the columns.');
    seen.add(name);
  }
}
