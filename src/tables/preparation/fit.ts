import { BadInput } from '../bad-input.ts';
import { byCodePoint } from '../code-point-order.ts';
import { fitExpressions } from '../expression/fits.ts';
import { columnsOf, type Node, parseExpression, printNode, substitute } from '../expression/syntax.ts';
import { nearest } from '../nearest.ts';
import { NumberList } from '../row-keys.ts';
import type { ColumnType, Schema, Table } from '../table.ts';
import { fitCodes, fitNumber, TextCounts } from './fit-columns.ts';
import { compileOrigin, originColumns, readNumbers, readTexts } from './origin-reader.ts';
import { type Origin, outputNames, type Preparation, type Prepared, sealPreparation } from './preparation.ts';
import type { ColumnSpec, PreparationSpec } from './preparation-schema.ts';

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

/** What the user said of a column; a column may be called `constructor`. */
const declared = (spec: PreparationSpec, name: string): ColumnSpec | undefined =>
  Object.hasOwn(spec.columns, name) ? spec.columns[name] : undefined;

const MEMORY = 2 ** 30;
/** Different texts counted per column; far above any sensible number of categories. */
const TEXTS_MAX = 100_000;
const CATEGORIES_MAX = 10_000;
const MISSING_CATEGORY = '(missing)';

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

interface Learner {
  readonly name: string;
  readonly from: Origin;
  readonly warnings: string[];
  /** Called once before a pass; the function takes a batch. */
  reader(context: Parameters<typeof readNumbers>[2]): (batch: Parameters<ReturnType<typeof readNumbers>>[0]) => void;
  /** Bytes held; texts count as none, for they are bounded. */
  bytes(): number;
  forget(): void;
  /** The fitted feature, or why there is none. */
  finish(): Prepared | string;
  readonly missingWords: readonly string[];
}

function learnersOfColumn(name: string, type: ColumnType, spec: PreparationSpec): Learner[] {
  const own = declared(spec, name) ?? {};
  if ((type === 'date' || type === 'timestamp') && own.encode === undefined && own.type !== 'number') {
    const parts = (own.parts ?? spec.dates.parts).filter((part) => part !== 'hour' || type === 'timestamp');
    return parts.map((part) =>
      learnerOf(
        `${name}.${part}`,
        { kind: 'date-part', column: name, part },
        part === 'is_weekend' ? 'boolean' : 'number',
        spec,
        declared(spec, `${name}.${part}`) ?? own,
      ),
    );
  }
  return [learnerOf(name, { kind: 'column', column: name }, type, spec)];
}

function learnerOf(
  name: string,
  from: Origin,
  type: ColumnType,
  spec: PreparationSpec,
  own: ColumnSpec = declared(spec, name) ?? {},
): Learner {
  const missingWords = [...new Set([...spec.missing, ...(own.missing ?? [])])];
  const categories =
    own.type !== 'number' && (type === 'text' || own.type === 'text' || own.encode !== undefined || own.order !== undefined);
  if (own.encode === 'drop') return droppedLearner(name, from, 'encode: drop');
  return categories
    ? textLearner(name, from, spec, own, missingWords, type === 'text')
    : numberLearner(name, from, type, spec, own, missingWords);
}

function droppedLearner(name: string, from: Origin, reason: string): Learner {
  return { name, from, warnings: [], missingWords: [], reader: () => () => {}, bytes: () => 0, forget: () => {}, finish: () => reason };
}

function numberLearner(
  name: string,
  from: Origin,
  type: ColumnType,
  spec: PreparationSpec,
  own: ColumnSpec,
  missingWords: readonly string[],
): Learner {
  const parse = type === 'text';
  let values = new NumberList();
  let missing = 0;
  const warnings: string[] = [];
  return {
    name,
    from,
    warnings,
    missingWords,
    reader: (context) => {
      const read = readNumbers(from, parse, { ...context, missing: missingWords });
      return (batch) => {
        for (const value of read(batch)) {
          if (Number.isNaN(value)) missing++;
          else values.push(value);
        }
      };
    },
    bytes: () => 8 * values.length,
    forget: () => {
      values = new NumberList();
      missing = 0;
    },
    finish: () => {
      if (values.length === 0) return 'no value in the training rows';
      const boolean = type === 'boolean';
      const impute = own.impute ?? (boolean ? 'mode' : spec.numeric.impute);
      if (impute === 'category' || (typeof impute === 'object' && typeof impute.constant !== 'number')) {
        throw new BadInput('bad-impute', `columns.${name}.impute: a number column takes median, mean, mode, none or a constant number.`);
      }
      const method = own.outliers ?? (boolean ? 'none' : spec.outliers.method);
      const fitted = fitNumber(values, missing, {
        impute: impute as 'median',
        capFactor: method === 'iqr' ? spec.outliers.factor : undefined,
        scale: own.scale ?? (boolean ? 'none' : spec.numeric.scale),
      });
      values = new NumberList();
      if (fitted.constant && declared(spec, name) === undefined) return 'one value only in the training rows';
      if (fitted.uncapped) warnings.push(`${name}: not capped, for its quartiles are equal and a cap would leave one value.`);
      const { fill, cap, scale } = fitted;
      return {
        kind: 'number',
        name,
        from,
        parse,
        missing: [...missingWords],
        ...(fill !== undefined && { fill }),
        ...(cap && { cap }),
        ...(scale && { scale }),
      };
    },
  };
}

function textLearner(
  name: string,
  from: Origin,
  spec: PreparationSpec,
  own: ColumnSpec,
  missingWords: readonly string[],
  isText: boolean,
): Learner {
  const texts = new TextCounts(TEXTS_MAX);
  const warnings: string[] = [];
  return {
    name,
    from,
    warnings,
    missingWords,
    reader: (context) => {
      const read = readTexts(from, { ...context, missing: missingWords });
      return (batch) => {
        const { codes, dictionary } = read(batch);
        texts.add(codes, dictionary);
      };
    },
    bytes: () => 0,
    forget: () => {},
    finish: () => {
      if (texts.present === 0) return 'no value in the training rows';
      const impute = own.impute ?? spec.categorical.impute;
      if (impute === 'median' || impute === 'mean') {
        throw new BadInput(
          'bad-impute',
          `columns.${name}.impute: a text column takes mode, category, none or a constant.`,
          {},
          `If "${name}" holds numbers, declare \`columns.${name}.type: number\`.`,
        );
      }
      const chosen = own.encode !== undefined || own.order !== undefined;
      if (isText && own.type !== 'text' && !chosen) warnings.push(...looksNumeric(name, texts));
      const fill =
        impute === 'none'
          ? undefined
          : impute === 'mode'
            ? texts.mode()
            : impute === 'category'
              ? MISSING_CATEGORY
              : String(impute.constant);
      const encoding = own.encode ?? (own.order ? 'ordinal' : spec.categorical.encode);
      if (encoding === 'drop') return 'encode: drop';
      const limit = chosen ? CATEGORIES_MAX : spec.categorical['max-categories'];
      if (texts.overflowed || texts.counts.size > limit) {
        const found = texts.overflowed ? `more than ${TEXTS_MAX}` : String(texts.counts.size);
        if (chosen)
          throw new BadInput('too-many-categories', `"${name}" has ${found} different texts; at most ${limit} can be categories.`);
        warnings.push(
          `${name}: left out, ${found} different texts in ${texts.present} rows (more than ${limit}). Declare \`columns.${name}.encode: frequency\` or \`one-hot\`, raise \`categorical.max-categories\`, or list it under \`drop\`.`,
        );
        return `${found} different texts, more than ${limit}`;
      }
      const counts = new Map(texts.counts);
      if (fill !== undefined && texts.missing > 0) counts.set(fill, (counts.get(fill) ?? 0) + texts.missing);
      if (counts.size === 1 && !(fill === undefined && texts.missing > 0) && declared(spec, name) === undefined)
        return 'one value only in the training rows';
      const common = { name, from, missing: [...missingWords], ...(fill !== undefined && { fill }) };
      const sorted = [...counts.keys()].sort(byCodePoint);
      if (encoding === 'one-hot') return { kind: 'one-hot', ...common, categories: sorted };
      const ordered = encoding === 'ordinal' && own.order ? [...own.order] : sorted;
      const stranger = sorted.find((text) => !ordered.includes(text));
      if (stranger !== undefined)
        throw new BadInput('unknown-category', `columns.${name}.order lacks "${stranger}", which is in the training rows.`);
      const total = texts.present + (fill === undefined ? 0 : texts.missing);
      const values = ordered.map((text, place) => (encoding === 'ordinal' ? place : counts.get(text)! / total));
      const scale = fitCodes(
        values,
        ordered.map((text) => counts.get(text) ?? 0),
        own.scale ?? spec.numeric.scale,
      );
      return { kind: 'coded', ...common, encoding, categories: ordered, values, ...(scale && { scale }) };
    },
  };
}

const SPELLS_A_NUMBER = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;

/** A text column nearly all of whose values are numbers is a number column with words for missing in it. */
function looksNumeric(name: string, texts: TextCounts): readonly string[] {
  const others = [...texts.counts].filter(([text]) => !SPELLS_A_NUMBER.test(text));
  const numbers = texts.counts.size - others.length;
  if (numbers < 10 || others.length === 0 || numbers < 0.9 * texts.counts.size) return [];
  const shown = others
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([text, count]) => `${JSON.stringify(text)} (${count} row${count === 1 ? '' : 's'})`);
  return [
    `${name}: read as text, but ${numbers} of its ${texts.counts.size} different values are numbers; the others: ${shown.join(', ')}. If these mean missing, declare \`columns.${name}: { type: number, missing: [${others
      .slice(0, 5)
      .map(([text]) => JSON.stringify(text))
      .join(', ')}] }\`.`,
  ];
}

async function learn(
  learners: readonly Learner[],
  table: Table,
  context: { schema: Schema; fits: Parameters<typeof readNumbers>[2]['fits']; table: string; memory: number; signal?: AbortSignal },
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
