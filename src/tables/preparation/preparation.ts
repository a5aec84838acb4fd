import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BadInput } from '../bad-input.ts';
import { PARTS } from './preparation-schema.ts';

export const PREPARATION_SCHEMA = 'retrain/preparation/1';

const finite = z.number();
const numberSteps = {
  /** Replaces missing; absent: missing stays. */
  fill: finite.optional(),
  /** Caps. */
  cap: z.strictObject({ low: finite, high: finite }).optional(),
  /** (x - shift) / by */
  scale: z.strictObject({ shift: finite, by: finite }).optional(),
};

/** Where the values of a feature come from. */
const origin = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('column'), column: z.string() }),
  z.strictObject({ kind: z.literal('expression'), expression: z.string() }),
  z.strictObject({ kind: z.literal('date-part'), column: z.string(), part: z.enum(PARTS) }),
]);

const prepared = z.discriminatedUnion('kind', [
  /** One number column. `parse`: the source is text that spells numbers. */
  z.strictObject({
    kind: z.literal('number'),
    name: z.string(),
    from: origin,
    parse: z.boolean(),
    missing: z.array(z.string()),
    ...numberSteps,
  }),
  /** One 0/1 column `name=category` for each category. */
  z.strictObject({
    kind: z.literal('one-hot'),
    name: z.string(),
    from: origin,
    missing: z.array(z.string()),
    fill: z.string().optional(),
    categories: z.array(z.string()),
  }),
  /** The place of the category, or its share of the training rows; unseen is missing (`ordinal`) or 0 (`frequency`). */
  z.strictObject({
    kind: z.literal('coded'),
    name: z.string(),
    from: origin,
    missing: z.array(z.string()),
    fill: z.string().optional(),
    encoding: z.enum(['ordinal', 'frequency']),
    categories: z.array(z.string()),
    values: z.array(finite),
    scale: numberSteps.scale,
  }),
]);

const fit = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('number'), of: z.string(), value: finite.optional() }),
  z.strictObject({ kind: z.literal('groups'), of: z.string(), overall: finite.optional(), groups: z.array(z.tuple([z.string(), finite])) }),
]);

const TYPES = ['number', 'integer', 'boolean', 'date', 'timestamp', 'text'] as const;
const field = z.strictObject({ name: z.string(), type: z.enum(TYPES) });

const preparationFile = z.strictObject({
  schema: z.literal(PREPARATION_SCHEMA),
  /** SHA-256 of everything but this key. */
  digest: z.string(),
  /** Rows it was fitted on. */
  rows: z.int().min(0),
  /** Columns handed on as they are when the table has them: key, target. */
  carried: z.array(z.string()),
  /** Columns handed on as they are; they must be there. */
  passthrough: z.array(z.string()),
  /** Columns of the table that features are made from, with the type they had in training. */
  reads: z.array(field),
  fits: z.array(fit),
  features: z.array(prepared),
  dropped: z.array(z.strictObject({ column: z.string(), reason: z.string() })),
  warnings: z.array(z.string()),
});

/** Everything fitted on the training rows, as data: the same for training and serving. */
export type Preparation = z.output<typeof preparationFile>;
export type Prepared = Preparation['features'][number];
export type Origin = Prepared['from'];

/** Adds the digest. Keys keep the order in which they are written, so equal preparations are equal bytes. */
export function sealPreparation(content: Omit<Preparation, 'schema' | 'digest'>): Preparation {
  const whole = { schema: PREPARATION_SCHEMA, ...content } as const;
  return { ...whole, digest: digestOf(whole) };
}

function digestOf(content: Omit<Preparation, 'digest'>): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

/** JSON with sorted keys and without `undefined`. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, held]) => held !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`)
    .join(',')}}`;
}

/** The text of a fitted preparation, as JSON that `readPreparation` takes back. */
export const writePreparation = (preparation: Preparation): string => `${JSON.stringify(preparation, null, 1)}\n`;

/** Reads what `writePreparation` wrote. `BadInput`: `bad-preparation` (damaged, edited), `newer-preparation`. */
export function readPreparation(text: string, name = 'preparation.json'): Preparation {
  const bad = (found: string) =>
    new BadInput(
      'bad-preparation',
      `Expected a preparation (${PREPARATION_SCHEMA}), found ${found}.`,
      { file: name },
      'Prepare the data again.',
    );
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw bad('text that is not JSON');
  }
  const schema = typeof content === 'object' && content !== null && 'schema' in content ? content.schema : undefined;
  if (typeof schema === 'string' && /^retrain\/preparation\/\d+$/.test(schema) && schema !== PREPARATION_SCHEMA) {
    throw new BadInput(
      'newer-preparation',
      `Written by another Retrain (${schema}); this one reads ${PREPARATION_SCHEMA}.`,
      { file: name },
      'Use the version that wrote it.',
    );
  }
  const parsed = preparationFile.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw bad(`a problem at ${issue!.path.join('.') || 'the top'}: ${issue!.message}`);
  }
  const { digest, ...rest } = parsed.data;
  if (digestOf(rest) !== digest) throw bad('content that does not match its digest');
  return parsed.data;
}

/** Names of the columns a feature becomes. */
export function outputNames(feature: Prepared): readonly string[] {
  return feature.kind === 'one-hot' ? feature.categories.map((category) => `${feature.name}=${category}`) : [feature.name];
}

/** `features.json`: every feature the model sees, in order, with the columns it is made from. */
export function describeFeatures(
  preparation: Preparation,
): readonly { readonly name: string; readonly from: string; readonly kind: Prepared['kind'] }[] {
  return preparation.features.flatMap((feature) => {
    const { from, kind } = feature;
    const text = from.kind === 'expression' ? from.expression : from.kind === 'date-part' ? `${from.part}(${from.column})` : from.column;
    return outputNames(feature).map((name) => ({ name, from: text, kind }));
  });
}
