import { BadInput } from '../bad-input.ts';
import type { Fits } from '../expression/fit.ts';
import type { TextVector } from '../expression/vector.ts';
import { columnIndex } from '../row-keys.ts';
import type { Batch, BatchOptions, Column, Field, Schema, Table } from '../table.ts';
import { coerceTable, withMissing } from './coerce.ts';
import { originColumns, readNumbers, readTexts } from './origin-reader.ts';
import { outputNames, type Preparation, type Prepared } from './preparation.ts';

export interface AppliedCounts {
  readonly rows: number;
  /** Cells with a category that training had not seen: all zeros (one-hot), -1 (ordinal), 0 (frequency). */
  readonly unseen: readonly { readonly feature: string; readonly rows: number; readonly examples: readonly string[] }[];
  /** Missing cells that were filled. */
  readonly imputed: readonly { readonly feature: string; readonly rows: number }[];
}

export interface AppliedTable extends Table {
  /** Of the pass that ran last, as far as it has come. */
  counts(): AppliedCounts;
}

const EXAMPLES = 5;

/**
 * The table a model sees: carried columns (key, target; where they are there), features in the order of the preparation,
 * columns passed through. A stream; training and serving call the same.
 * Throws `BadInput`: `missing-column`, `wrong-type`, `not-a-number`, `infinite-value`.
 */
export function applyPreparation(preparation: Preparation, table: Table): AppliedTable {
  const source = coerceTable(table, preparation.reads);
  const missing = preparation.passthrough.filter((name) => !table.schema.some((field) => field.name === name));
  if (missing.length > 0) {
    const columns =
      missing.length === 1 ? `The column "${missing[0]}" is` : `The columns ${missing.map((name) => `"${name}"`).join(', ')} are`;
    throw new BadInput(
      'missing-column',
      `${columns} not there; the trainer was given ${preparation.passthrough.join(', ')}.`,
      { file: table.name },
      `There are ${table.schema.map((field) => field.name).join(', ')}.`,
    );
  }
  const kept = [...preparation.carried.filter((name) => table.schema.some((field) => field.name === name)), ...preparation.passthrough];
  const fits: Fits = new Map(
    preparation.fits.map((fit) => [
      fit.of,
      fit.kind === 'number' ? { kind: 'number', value: fit.value } : { kind: 'groups', overall: fit.overall, groups: new Map(fit.groups) },
    ]),
  );
  const carried = kept.slice(0, kept.length - preparation.passthrough.length);
  const fieldOf = (name: string): Field => source.schema[columnIndex(source.schema, name, table.name)]!;
  const schema: Schema = [
    ...carried.map(fieldOf),
    ...preparation.features.flatMap(outputNames).map((name) => ({ name, type: 'number' as const })),
    ...preparation.passthrough.map(fieldOf),
  ];
  let latest: Counter | undefined;

  return {
    name: table.name,
    schema,
    counts: () => (latest ?? new Counter(preparation.features)).result(),
    async *batches(options?: BatchOptions) {
      const wanted = options?.columns ?? schema.map(({ name }) => name);
      for (const name of wanted) columnIndex(schema, name, table.name);
      const chosen = new Set(wanted);
      const counter = new Counter(preparation.features);
      latest = counter;
      const context = { schema: source.schema, fits, missing: [], table: table.name };
      const makers = preparation.features.flatMap((feature, index) =>
        outputNames(feature).some((name) => chosen.has(name))
          ? [{ names: outputNames(feature), make: makerOf(feature, context, counter.of(index)) }]
          : [],
      );
      const needed = new Set([
        ...preparation.features
          .filter((feature) => outputNames(feature).some((name) => chosen.has(name)))
          .flatMap(({ from }) => originColumns(from)),
        ...kept.filter((name) => chosen.has(name)),
      ]);
      const pictured = wanted.map((name) => schema.find((field) => field.name === name)!);
      const columns = needed.size > 0 ? [...needed] : [source.schema[0]!.name];
      for await (const batch of source.batches({ columns, ...(options?.signal && { signal: options.signal }) })) {
        counter.rows += batch.rows;
        const made = new Map<string, Column>();
        batch.schema.forEach((field, position) => {
          if (kept.includes(field.name)) made.set(field.name, batch.columns[position]!);
        });
        for (const { names, make } of makers) {
          const outputs = make(batch);
          names.forEach((name, position) => {
            made.set(name, outputs[position]!);
          });
        }
        yield { firstRow: batch.firstRow, rows: batch.rows, schema: pictured, columns: wanted.map((name) => made.get(name)!) };
      }
    },
  };
}

interface FeatureCounts {
  imputed: number;
  unseen: number;
  readonly examples: Set<string>;
}

class Counter {
  rows = 0;
  readonly #features: readonly Prepared[];
  readonly #counts: readonly FeatureCounts[];

  constructor(features: readonly Prepared[]) {
    this.#features = features;
    this.#counts = features.map(() => ({ imputed: 0, unseen: 0, examples: new Set<string>() }));
  }

  of(index: number): FeatureCounts {
    return this.#counts[index]!;
  }

  result(): AppliedCounts {
    const named = this.#counts.map((counts, index) => ({ feature: this.#features[index]!.name, ...counts }));
    return {
      rows: this.rows,
      unseen: named
        .filter(({ unseen }) => unseen > 0)
        .map(({ feature, unseen, examples }) => ({ feature, rows: unseen, examples: [...examples] })),
      imputed: named.filter(({ imputed }) => imputed > 0).map(({ feature, imputed }) => ({ feature, rows: imputed })),
    };
  }
}

type Context = Parameters<typeof readNumbers>[2];

function makerOf(feature: Prepared, base: Context, counts: FeatureCounts): (batch: Batch) => readonly Column[] {
  const context = { ...base, missing: feature.missing };
  if (feature.kind === 'number') {
    const read = readNumbers(feature.from, feature.parse, context);
    return (batch) => [withMissing(scaleNumbers(read(batch), feature, counts))];
  }
  const read = readTexts(feature.from, context);
  const places = new Map(feature.categories.map((category, place) => [category, place]));
  const fill = feature.fill === undefined ? -1 : (places.get(feature.fill) ?? UNSEEN);
  const encode = feature.kind === 'one-hot' ? spreadOneHot(feature.categories.length) : spreadCodes(feature);
  return (batch) => encode(placesOf(read(batch), places, fill, counts));
}

function scaleNumbers(
  input: Float64Array,
  { fill, cap, scale }: Extract<Prepared, { kind: 'number' }>,
  counts: FeatureCounts,
): Float64Array {
  const { shift, by } = scale ?? { shift: 0, by: 1 };
  const [low, high] = cap ? [cap.low, cap.high] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const values = new Float64Array(input.length);
  for (let row = 0; row < input.length; row++) {
    let x = input[row]!;
    if (Number.isNaN(x)) {
      if (fill === undefined) {
        values[row] = Number.NaN;
        continue;
      }
      counts.imputed++;
      x = fill;
    }
    values[row] = ((x < low ? low : x > high ? high : x) - shift) / by;
  }
  return values;
}

/** A category that training had not seen. */
const UNSEEN = -2;

/** Per row the place of its category; -1 missing, -2 unseen. */
function placesOf({ codes, dictionary }: TextVector, places: ReadonlyMap<string, number>, fill: number, counts: FeatureCounts): Int32Array {
  const known = Int32Array.from(dictionary, (text) => places.get(text) ?? UNSEEN);
  const found = new Int32Array(codes.length);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    if (code >= 0) {
      const place = known[code]!;
      found[row] = place;
      if (place !== UNSEEN) continue;
      counts.unseen++;
      if (counts.examples.size < EXAMPLES) counts.examples.add(dictionary[code]!);
    } else {
      if (fill !== -1) counts.imputed++;
      found[row] = fill;
    }
  }
  return found;
}

function spreadOneHot(categories: number): (places: Int32Array) => readonly Column[] {
  return (places) => {
    const columns = Array.from({ length: categories }, () => new Float64Array(places.length));
    for (let row = 0; row < places.length; row++) if (places[row]! >= 0) columns[places[row]!]![row] = 1;
    return columns.map((values) => ({ kind: 'number', values }));
  };
}

function spreadCodes({ values, encoding, scale }: Extract<Prepared, { kind: 'coded' }>): (places: Int32Array) => readonly Column[] {
  const { shift, by } = scale ?? { shift: 0, by: 1 };
  const unseen = encoding === 'ordinal' ? -1 : 0;
  return (places) => [
    withMissing(
      Float64Array.from(places, (place) => (place === -1 ? Number.NaN : ((place === UNSEEN ? unseen : values[place]!) - shift) / by)),
    ),
  ];
}
