import { z } from 'zod';
import { BadInput } from '../bad-input.ts';
import { CATEGORIES_MAX, type ColumnProfile, EDGES_MAX, type Edges, PROFILE_SCHEMA, type Profile } from '../profile-types.ts';

/** A stored profile larger than this is refused unread. */
export const PROFILE_JSON_BYTES_MAX = 256 * 1024 * 1024;

/** JSON has no infinities; as words they survive. */
const number = z.union([z.number(), z.literal('Infinity'), z.literal('-Infinity')]);
const count = z.int().min(0);
/** Runs: value, how often, value, how often, … */
const runs = z.array(count).max(4 * EDGES_MAX);

const distinct = z.strictObject({ value: count, exact: z.boolean(), once: count.optional() });
const moments = z.strictObject({ n: count, mean: z.number(), m2: number, m3: number, m4: number });
const distribution = z.strictObject({
  edges: z.array(number).max(EDGES_MAX + 1),
  gaps: runs.describe('Values between the edge before and this one, as runs.'),
  ties: runs.describe('Values equal to the edge, as runs.'),
  complete: z.boolean(),
  rankError: z.number().min(0).max(1),
});
const numeric = z.strictObject({
  kind: z.literal('numeric'),
  name: z.string(),
  type: z.enum(['number', 'integer', 'date', 'timestamp']),
  count,
  missing: count,
  distinct: distinct.optional(),
  min: number.optional(),
  max: number.optional(),
  infinite: count,
  moments,
  distribution,
  top: z.array(z.strictObject({ value: number, count })).max(100),
});
const categorical = z.strictObject({
  kind: z.literal('categorical'),
  name: z.string(),
  type: z.enum(['text', 'boolean']),
  count,
  missing: count,
  distinct,
  length: z.strictObject({ min: count, max: count, mean: z.number().min(0) }).optional(),
  values: z.array(z.strictObject({ value: z.string(), count })).max(CATEGORIES_MAX),
  complete: z.boolean(),
});
const stored = z.strictObject({ schema: z.string(), rows: count, columns: z.array(z.discriminatedUnion('kind', [numeric, categorical])) });
type Stored = z.infer<typeof stored>;

/** The profile as one line of JSON: equal profiles give equal bytes. */
export function profileToJson(profile: Profile): string {
  const columns = profile.columns.map((column): Stored['columns'][number] => {
    // Key by key, so that the bytes do not depend on how the profile was put together.
    const { name, count: present, missing } = column;
    if (column.kind === 'categorical') {
      const { kind, type, distinct: different, length, values, complete } = column;
      return {
        kind,
        name,
        type,
        count: present,
        missing,
        distinct: different,
        ...(length === undefined ? {} : { length }),
        values: [...values],
        complete,
      };
    }
    const { kind, type, distinct: different, min, max, infinite, moments: sums, distribution: known, top } = column;
    return {
      kind,
      name,
      type,
      count: present,
      missing,
      ...(different === undefined ? {} : { distinct: different }),
      ...(min === undefined || max === undefined ? {} : { min: word(min), max: word(max) }),
      infinite,
      moments: { ...sums, m2: word(sums.m2), m3: word(sums.m3), m4: word(sums.m4) },
      distribution: packEdges(known),
      top: top.map((entry) => ({ value: word(entry.value), count: entry.count })),
    };
  });
  return JSON.stringify({ schema: profile.schema, rows: profile.rows, columns } satisfies Stored);
}

/** Reads what {@link profileToJson} wrote. Everything is checked; a form or a figure that cannot be is a `BadInput` (`bad-profile`). */
export function profileFromJson(json: string, name = 'profile'): Profile {
  const refuse = (what: string): never => {
    throw new BadInput('bad-profile', `expected a stored profile, found ${what}.`, { file: name }, 'Make the profile anew from the data.');
  };
  if (json.length > PROFILE_JSON_BYTES_MAX) return refuse(`${json.length} characters of text; the limit is ${PROFILE_JSON_BYTES_MAX}`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return refuse('text that is no JSON');
  }
  const version = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (version !== PROFILE_SCHEMA) return refuse(`schema ${JSON.stringify(version) ?? 'none'} where ${PROFILE_SCHEMA} can be read`);
  const parsed = stored.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`at ${issue.path.join('.')}: ${issue.message}`);
  }
  const names = new Set<string>();
  const columns = parsed.data.columns.map((column): ColumnProfile => {
    if (names.has(column.name)) return refuse(`column "${column.name}" twice`);
    names.add(column.name);
    if (column.count + column.missing !== parsed.data.rows)
      return refuse(`counts of column "${column.name}" that do not add up to its rows`);
    if (column.kind === 'categorical') {
      const listed = column.values.reduce((sum, entry) => sum + entry.count, 0);
      if (listed > column.count || (column.complete && listed !== column.count))
        return refuse(`values of column "${column.name}" that do not add up`);
      return column;
    }
    const known = unpackEdges(column.distribution);
    const last = known?.atOrBelow.at(-1) ?? 0;
    if (known === undefined || last > column.count || (known.complete && last !== column.count))
      return refuse(`edges of column "${column.name}" that are not a distribution`);
    if ((column.min === undefined) !== (column.count === 0) || (column.max === undefined) !== (column.count === 0)) {
      return refuse(`column "${column.name}" whose smallest and largest value do not go with its count`);
    }
    const { min, max, moments: sums, ...rest } = column;
    return {
      ...rest,
      ...(min === undefined || max === undefined ? {} : { min: Number(min), max: Number(max) }),
      moments: { ...sums, m2: Number(sums.m2), m3: Number(sums.m3), m4: Number(sums.m4) },
      distribution: known,
      top: column.top.map((entry) => ({ value: Number(entry.value), count: entry.count })),
    };
  });
  return { schema: PROFILE_SCHEMA, rows: parsed.data.rows, columns };
}

const word = (value: number): number | 'Infinity' | '-Infinity' =>
  value === Infinity ? 'Infinity' : value === -Infinity ? '-Infinity' : value;

function packEdges({ edges, below, atOrBelow, complete, rankError }: Edges): z.infer<typeof distribution> {
  const gaps: number[] = [];
  const ties: number[] = [];
  for (let i = 0; i < edges.length; i++) {
    gaps.push(below[i] - (i === 0 ? 0 : atOrBelow[i - 1]));
    ties.push(atOrBelow[i] - below[i]);
  }
  return { edges: Array.from(edges, word), gaps: packRuns(gaps), ties: packRuns(ties), complete, rankError };
}

function unpackEdges({
  edges: words,
  gaps: packedGaps,
  ties: packedTies,
  complete,
  rankError,
}: z.infer<typeof distribution>): Edges | undefined {
  const edges = Float64Array.from(words, Number);
  const gaps = unpackRuns(packedGaps, edges.length);
  const ties = unpackRuns(packedTies, edges.length);
  if (gaps === undefined || ties === undefined) return undefined;
  const below = new Float64Array(edges.length);
  const atOrBelow = new Float64Array(edges.length);
  let sum = 0;
  for (let i = 0; i < edges.length; i++) {
    if (i > 0 && !(edges[i] > edges[i - 1])) return undefined;
    sum += gaps[i];
    below[i] = sum;
    sum += ties[i];
    atOrBelow[i] = sum;
  }
  return { edges, below, atOrBelow, complete, rankError };
}

function packRuns(values: readonly number[]): number[] {
  const packed: number[] = [];
  for (const value of values) {
    if (packed.length > 0 && packed[packed.length - 2] === value) packed[packed.length - 1]++;
    else packed.push(value, 1);
  }
  return packed;
}

function unpackRuns(packed: readonly number[], length: number): number[] | undefined {
  const values: number[] = [];
  for (let i = 0; i + 1 < packed.length; i += 2) {
    if (packed[i + 1] > length - values.length) return undefined;
    for (let k = 0; k < packed[i + 1]; k++) values.push(packed[i]);
  }
  return values.length === length && packed.length % 2 === 0 ? values : undefined;
}
