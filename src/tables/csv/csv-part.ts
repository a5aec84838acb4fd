import { BadInput } from '../bad-input.ts';
import type { ByteSource } from '../byte-source.ts';
import { type Evidence, evidenceOf, evidenceOfDecimal, SEEN_TEXT } from '../evidence.ts';
import type { Part, PartField, PassCounts } from '../part.ts';
import { BLOCK_BYTES, MAX_RECORD_BYTES, type ReadOptions } from '../read-options.ts';
import type { Batch, Column, Schema } from '../table.ts';
import { BadCell, BadText, Cells, TEXT } from './cells.ts';
import { CsvParser } from './csv-parser.ts';
import { type Decode, decoderOf } from './intern.ts';
import { scanRecord } from './scan-record.ts';

/** Rows of a batch: about 1 MB for ten columns. */
export const BATCH_ROWS = 16_384;

/** Facts of a CSV file that its first bytes tell. */
export interface CsvHead {
  readonly names: readonly string[];
  readonly seen: ReadonlyMap<string, Evidence>;
  /** Where the first record after the header begins. */
  readonly dataStart: number;
  /** Records up to there: the header and empty lines before it. */
  readonly recordsBefore: number;
  readonly hasRows: boolean;
}

/**
 * A CSV or TSV file as part of a table. Looks at the first `sampleBytes` to find names and types.
 * Throws `empty-file`, `duplicate-column`, `bad-encoding`, `nul-byte`, `utf-16`, `bad-delimiter` with the file's name.
 */
export async function csvPart(source: ByteSource, options: ReadOptions, sampleBytes: number, signal?: AbortSignal): Promise<Part> {
  const delimiter = delimiterOf(options);
  const decode = decoderOf(options.encoding, options.anyText);
  const missing = new Set(options.missing ?? []);
  const maxRecordBytes = options.maxRecordBytes ?? MAX_RECORD_BYTES;
  const { bytes, complete } = await firstBytes(source, Math.max(sampleBytes, 1024), signal);
  const head = lookAt(source.name, bytes, complete, delimiter, decode, missing);

  return {
    name: source.name,
    seen: head.seen,
    hasRows: head.hasRows,
    typed: false,
    async *batches(fields, wanted, counts, partSignal, reuse = false) {
      const all = new Map(fields.map((field) => [field.name, field]));
      const countBadRows = options.onBadRow === 'count';
      // A row that is bad in a column nobody asked for must be left out in every pass, or two passes would not line up.
      const cells = head.names.map((name) =>
        countBadRows || wanted.includes(name) ? new Cells(all.get(name) as PartField, decode, missing, BATCH_ROWS, reuse) : undefined,
      );
      const layout = { file: source.name, delimiter, names: head.names, cells, maxRecordBytes, countBadRows, decode, capacity: BATCH_ROWS };
      const parser = new CsvParser(layout, head.recordsBefore);
      const batcher = new Batcher(head.names, cells, wanted);
      const { range } = options;
      if (range === undefined) {
        yield* readRecords(source.name, source.open(partSignal), head.dataStart, parser, batcher, options, counts);
        return;
      }
      if (source.openRange === undefined) throw new RangeError(`${source.name} cannot be read by ranges of bytes.`);
      const from = Math.max(range.from, head.dataStart);
      yield* readRecords(source.name, source.openRange({ from, to: range.to }, partSignal), 0, parser, batcher, options, counts);
    },
  };
}

/** Runs the parser over the source's blocks; a record that spans blocks is joined in the working buffer, which grows up to the bound. */
async function* readRecords(
  file: string,
  blocks: AsyncIterable<Uint8Array>,
  dataStart: number,
  parser: CsvParser,
  batcher: Batcher,
  { blockBytes = BLOCK_BYTES, maxRecordBytes = MAX_RECORD_BYTES }: ReadOptions,
  counts: PassCounts,
): AsyncIterable<Batch> {
  let buffer = new Uint8Array(blockBytes + 1);
  let start = 0;
  let end = 0;
  let skip = dataStart;
  const before = { emptyLines: counts.emptyLines, badRows: counts.badRows };
  const note = (): void => {
    counts.emptyLines = before.emptyLines + parser.emptyLines;
    counts.badRows = before.badRows + parser.badRows;
  };

  for await (const chunk of blocks) {
    let offset = Math.min(skip, chunk.length);
    skip -= offset;
    while (offset < chunk.length) {
      const taken = Math.min(buffer.length - 1 - end, chunk.length - offset);
      buffer.set(taken === chunk.length ? chunk : chunk.subarray(offset, offset + taken), end);
      offset += taken;
      end += taken;
      if (end < buffer.length - 1) continue;
      for (;;) {
        start = parser.parse(buffer, start, end, false);
        if (!batcher.full(parser)) break;
        note();
        yield withRows(batcher.take(parser), parser, file);
      }
      if (end - start > maxRecordBytes) throw parser.tooLong();
      if (start > 0) buffer.copyWithin(0, start, end);
      else buffer = grown(buffer);
      end -= start;
      start = 0;
    }
  }
  for (;;) {
    start = parser.parse(buffer, start, end, true);
    if (!batcher.full(parser)) break;
    note();
    yield withRows(batcher.take(parser), parser, file);
  }
  note();
  for (const [code, n] of Object.entries(parser.badByCode)) counts.badByCode[code] = (counts.badByCode[code] ?? 0) + n;
  counts.examples.push(...parser.examples.slice(0, Math.max(0, 5 - counts.examples.length)));
  if (parser.rows > 0) yield withRows(batcher.take(parser), parser, file);
}

/** The batch with the records its rows were; the parser begins to count anew what it leaves out. */
function withRows(batch: Batch, parser: CsvParser, file: string): Batch {
  const { skipped } = parser;
  parser.skipped = [];
  const leftOut = skipped.reduce((sum, count, i) => (i % 2 === 1 ? sum + count : sum), 0);
  const first = parser.record - leftOut - batch.rows + 1;
  const rowOf = (row: number): number => {
    let number = first + row;
    for (let i = 0; i < skipped.length && skipped[i]! <= row; i += 2) number += skipped[i + 1]!;
    return number;
  };
  return { ...batch, source: { file, rowOf } };
}

function grown(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array((buffer.length - 1) * 2 + 1);
  larger.set(buffer);
  return larger;
}

/** Cuts filled columns off as batches. */
export class Batcher {
  readonly #cells: readonly (Cells | undefined)[];
  readonly #wanted: readonly Cells[];
  readonly #schema: Schema;
  #firstRow = 0;

  constructor(names: readonly string[], cells: readonly (Cells | undefined)[], wanted: readonly string[]) {
    this.#cells = cells;
    this.#wanted = wanted.map((name) => cells[names.indexOf(name)] as Cells);
    this.#schema = this.#wanted.map(({ rules: { name, type } }) => ({ name, type }));
  }

  full(parser: { readonly rows: number }): boolean {
    return parser.rows === BATCH_ROWS;
  }

  take(filled: { rows: number }): Batch {
    const { rows } = filled;
    const whole = rows === BATCH_ROWS;
    const columns = this.#wanted.map((cells): Column => {
      if (cells.kind === TEXT)
        return { kind: 'text', codes: whole ? cells.codes : cells.codes.subarray(0, rows), dictionary: cells.interner.take() };
      const values = whole ? cells.values : cells.values.subarray(0, rows);
      const { missing } = cells;
      return missing === undefined
        ? { kind: 'number', values }
        : { kind: 'number', values, missing: whole ? missing : missing.subarray(0, rows) };
    });
    for (const cells of this.#cells) {
      if (cells === undefined) continue;
      if (cells.kind === TEXT && !this.#wanted.includes(cells)) cells.interner.take();
      cells.renew();
    }
    const firstRow = this.#firstRow;
    this.#firstRow += rows;
    filled.rows = 0;
    return { firstRow, rows, schema: this.#schema, columns };
  }
}

export function delimiterOf({ delimiter, format }: ReadOptions): number {
  const character = delimiter ?? (format === 'tsv' ? '\t' : ',');
  const code = character.charCodeAt(0);
  if (character.length !== 1 || code === 0 || code > 126 || /["\r\n0-9+.-]/.test(character)) {
    throw new BadInput(
      'bad-delimiter',
      `A delimiter is one ASCII character, found ${JSON.stringify(character)}.`,
      {},
      'Common ones are , ; | and tab.',
    );
  }
  return code;
}

/** The first bytes of a source: `limit` of them, or all it has. */
export async function firstBytes(
  source: ByteSource,
  limit: number,
  signal?: AbortSignal,
): Promise<{ bytes: Uint8Array; complete: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source.open(signal)) {
    chunks.push(new Uint8Array(chunk.subarray(0, limit - length + 1)));
    length += chunk.length;
    if (length > limit) break;
  }
  const bytes = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  return length > limit ? { bytes: bytes.subarray(0, limit), complete: false } : { bytes, complete: true };
}

function lookAt(
  file: string,
  bytes: Uint8Array,
  complete: boolean,
  delimiter: number,
  decode: Decode,
  missing: ReadonlySet<string>,
): CsvHead {
  if (bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))) {
    throw new BadInput('utf-16', 'the file is UTF-16.', { file }, 'Save it as UTF-8.');
  }
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let records = 0;
  let at = bom;
  const next = () => {
    try {
      const record = at < bytes.length ? scanRecord(bytes, at, bytes.length, complete, delimiter) : undefined;
      if (record !== undefined) records++;
      return record;
    } catch (error) {
      throw placed(error, file, records + 1);
    }
  };
  let header = next();
  while (header?.empty) {
    at = header.next;
    header = next();
  }
  if (header === undefined) {
    if (at >= bytes.length)
      throw new BadInput('empty-file', 'the file is empty: expected a header.', { file }, 'Was the export or download cut short?');
    throw new BadInput(
      'record-too-long',
      `no end of the header within the first ${bytes.length} bytes.`,
      { file, row: records + 1 },
      'Is this a CSV file?',
    );
  }
  const text = (from: number, to: number, quoted: boolean): string => {
    const raw = decode(bytes, from, to);
    return quoted ? raw.replaceAll('""', '"') : raw;
  };
  const names: string[] = [];
  const seen = new Map<string, Evidence>();
  for (const [index, field] of header.fields.entries()) {
    let name: string;
    try {
      name = text(field.from, field.to, field.quoted) || `unnamed_${index + 1}`;
    } catch (error) {
      throw placed(error, file, records, index + 1);
    }
    if (seen.has(name))
      throw new BadInput(
        'duplicate-column',
        `two columns are named "${name}".`,
        { file, row: records, column: index + 1 },
        'Give every column a name of its own.',
      );
    names.push(name);
    seen.set(name, 0);
  }
  const recordsBefore = records;
  const dataStart = header.next;
  at = dataStart;
  let hasRows = false;
  // What is wrong with a record is told when it is read; here it is only left out.
  try {
    for (let record = next(); record !== undefined; record = next()) {
      at = record.next;
      if (record.empty && names.length > 1) continue;
      hasRows = true;
      if (record.fields.length !== names.length) continue;
      for (let i = 0; i < names.length; i++) {
        const field = record.fields[i];
        if (field.from === field.to && !field.quoted) continue;
        const before = seen.get(names[i]) as Evidence;
        if ((before & SEEN_TEXT) !== 0) continue;
        const plain = missing.size === 0 ? evidenceOfDecimal(bytes, field.from, field.to) : undefined;
        if (plain !== undefined) {
          seen.set(names[i], before | plain);
          continue;
        }
        const value = text(field.from, field.to, field.quoted);
        if (!missing.has(value)) seen.set(names[i], before | evidenceOf(value));
      }
    }
  } catch (error) {
    if (!(error instanceof BadInput || error instanceof BadText)) throw error;
    hasRows = true;
  }
  return { names, seen, dataStart, recordsBefore, hasRows: hasRows || !complete || at < bytes.length };
}

function placed(error: unknown, file: string, row: number, column?: number): unknown {
  return error instanceof BadCell || error instanceof BadText
    ? new BadInput(
        error.code,
        error.message,
        { file, row, ...(column === undefined ? {} : { column }) },
        'todo' in error ? error.todo : undefined,
      )
    : error;
}
