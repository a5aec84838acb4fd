import { BadInput } from './bad-input.ts';
import { type DatePattern, datePattern } from './date-pattern.ts';
import { typeOf } from './evidence.ts';
import type { Part, PartField, PassCounts } from './part.ts';
import { NO_COUNTS, type ReadCounts, type ReadOptions } from './read-options.ts';
import type { Batch, BatchOptions, Schema, Table } from './table.ts';

/** A table read from files: what reading left out can be asked after (or during) a pass. */
export interface FileTable extends Table {
  counts(): ReadCounts;
}

/**
 * Several files of one form as one table, in the given order. Types: declared ones, else what the first rows of all files allow.
 * Every file must have the same columns (in any order). Throws `no-rows` when there is none, `different-columns`, `unknown-column`.
 */
export function joinParts(name: string, parts: readonly Part[], options: ReadOptions): FileTable {
  const first = parts.find((part) => part.seen.size > 0) ?? parts[0];
  if (first === undefined) throw new BadInput('no-files', 'expected at least one file, found none.', { file: name });
  const names = [...first.seen.keys()];
  for (const part of parts) checkColumns(part, first, names);
  if (!parts.some((part) => part.hasRows)) {
    throw new BadInput(
      'no-rows',
      'the header is there, but no row of data.',
      { file: name },
      'Nothing can be learned or judged from an empty table.',
    );
  }
  const declared = options.types ?? {};
  const patterns = patternsOf(options);
  for (const column of [...Object.keys(declared), ...patterns.keys()]) {
    if (!first.seen.has(column)) throw unknownColumn(name, column, names);
  }
  const typed = parts.every((part) => part.typed);
  const fields = names.map((column): PartField => {
    const pattern = patterns.get(column);
    if (pattern !== undefined) return { name: column, type: pattern.type, declared: true, pattern };
    const type = declared[column] ?? typeOf(parts.reduce((seen, part) => seen | (part.seen.get(column) ?? 0), 0));
    return { name: column, type, declared: typed || declared[column] !== undefined };
  });
  const schema: Schema = fields.map(({ name: field, type }) => ({ name: field, type }));
  let latest: PassCounts | undefined;

  return {
    name,
    schema,
    counts: () => (latest === undefined ? NO_COUNTS : { ...latest, badByCode: { ...latest.badByCode }, examples: [...latest.examples] }),
    async *batches({ columns, signal, reuse }: BatchOptions = {}): AsyncIterable<Batch> {
      const wanted = columns ?? names;
      for (const column of wanted) if (!first.seen.has(column)) throw unknownColumn(name, column, names);
      const counts: PassCounts = { rows: 0, emptyLines: 0, badRows: 0, badByCode: {}, examples: [] };
      latest = counts;
      for (const part of parts) {
        if (!part.hasRows) continue;
        signal?.throwIfAborted();
        for await (const batch of part.batches(fields, wanted, counts, signal, reuse)) {
          const source = batch.source ?? { file: part.name, rowOf: (row) => batch.firstRow + row + 1 };
          yield { ...batch, firstRow: counts.rows, source };
          counts.rows += batch.rows;
          signal?.throwIfAborted();
        }
      }
    },
  };
}

/** Declared ways to write dates, by column; a column declared to be something else cannot have one. */
function patternsOf({ dates = {}, types = {} }: ReadOptions): ReadonlyMap<string, DatePattern> {
  return new Map(
    Object.entries(dates).map(([column, written]) => {
      const pattern = datePattern(written, column);
      const type = types[column] ?? pattern.type;
      if (type === pattern.type) return [column, pattern];
      const found = `the pattern ${JSON.stringify(written)} makes it a ${pattern.type}, and its declared type is ${type}.`;
      throw new BadInput('bad-date-pattern', found, { column }, 'Leave the type out: the pattern says it.');
    }),
  );
}

function checkColumns(part: Part, first: Part, names: readonly string[]): void {
  if (part === first || (part.seen.size === 0 && !part.hasRows)) return;
  const lost = names.filter((column) => !part.seen.has(column));
  const added = [...part.seen.keys()].filter((column) => !first.seen.has(column));
  if (lost.length + added.length === 0) return;
  const parts = [lost.length > 0 ? `lacks ${list(lost)}` : '', added.length > 0 ? `adds ${list(added)}` : ''].filter(Boolean);
  throw new BadInput(
    'different-columns',
    `the file ${parts.join(' and ')}, compared with ${first.name}.`,
    { file: part.name },
    'Files of one table must have the same columns.',
  );
}

const list = (names: readonly string[]): string =>
  names
    .slice(0, 5)
    .map((name) => `"${name}"`)
    .join(', ') + (names.length > 5 ? `, … (${names.length})` : '');

export function unknownColumn(table: string, column: string, known: readonly string[]): BadInput {
  return new BadInput(
    'unknown-column',
    `expected a column "${column}", found ${list(known)}.`,
    { file: table },
    'Check the spelling; names are case-sensitive.',
  );
}
