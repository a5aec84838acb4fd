import { BadInput, type Place } from '../bad-input.ts';
import { type ByteSource, withoutBom } from '../byte-source.ts';
import { BadCell, BadText, Cells, INTEGER, NUMBER, OTHER, TEXT } from '../csv/cells.ts';
import { BATCH_ROWS, Batcher } from '../csv/csv-part.ts';
import { decoderOf } from '../csv/intern.ts';
import { numberText } from '../decimal.ts';
import type { Evidence } from '../evidence.ts';
import type { Part, PartField, PassCounts } from '../part.ts';
import { MAX_RECORD_BYTES, type ReadOptions } from '../read-options.ts';
import { evidenceOfCell, flatCell, type JsonCell, LongNumber, parseRecord } from './parse-record.ts';
import { ElementSplitter, LineSplitter, type RecordBytes } from './record-splitter.ts';

/**
 * A JSON array of objects or JSON Lines as part of a table. The columns are the keys of the records within the first `sampleBytes`, in
 * order of appearance; a key that is absent, and null, are missing. A key that first appears later is an error.
 */
export async function jsonPart(source: ByteSource, options: ReadOptions, sampleBytes: number, signal?: AbortSignal): Promise<Part> {
  const missing = new Set(options.missing ?? []);
  const countBadRows = options.onBadRow === 'count';
  const seen = new Map<string, Evidence>();
  let records = 0;
  let bytes = 0;
  for await (const record of recordsOf(source, options, signal)) {
    bytes += record.to - record.from + 1;
    if (bytes > sampleBytes) break;
    if (record.to === record.from && options.format === 'jsonl') continue;
    records++;
    try {
      const object = parseRecord(record, options.anyText);
      for (const key of Object.keys(object)) {
        const value = flatCell(object[key], key);
        const found = typeof value === 'string' && missing.has(value) ? 0 : evidenceOfCell(value);
        seen.set(key, (seen.get(key) ?? 0) | found);
      }
    } catch (error) {
      // Told with its row when it is read, unless it is left out and counted.
      if (!(error instanceof BadCell)) throw error;
      if (!countBadRows) throw new BadInput(error.code, error.message, placeOf(source.name, record.row, error.column), error.todo);
    }
  }
  if (bytes === 0 && options.format === 'jsonl')
    throw new BadInput('empty-file', 'the file is empty.', { file: source.name }, 'Was the export or download cut short?');

  return {
    name: source.name,
    seen,
    hasRows: records > 0,
    typed: false,
    async *batches(fields, wanted, counts, partSignal) {
      const { anyText } = options;
      const filler = new RowFiller(source.name, fields, wanted, { anyText, missing }, countBadRows, counts);
      for await (const record of recordsOf(source, options, partSignal)) {
        if (record.to === record.from && options.format === 'jsonl') {
          counts.emptyLines++;
          continue;
        }
        filler.add(record);
        if (filler.rows === BATCH_ROWS) yield filler.take();
      }
      if (filler.rows > 0) yield filler.take();
    },
  };
}

async function* recordsOf(
  source: ByteSource,
  { format, maxRecordBytes = MAX_RECORD_BYTES }: ReadOptions,
  signal?: AbortSignal,
): AsyncIterable<RecordBytes & { readonly row: number }> {
  const splitter = format === 'jsonl' ? new LineSplitter(source.name, maxRecordBytes) : new ElementSplitter(source.name, maxRecordBytes);
  let any = false;
  for await (const chunk of withoutBom(source.open(signal))) {
    any ||= chunk.length > 0;
    splitter.append(chunk);
    for (let record = splitter.next(false); record !== undefined; record = splitter.next(false)) yield { ...record, row: splitter.records };
  }
  if (!any) throw new BadInput('empty-file', 'the file is empty.', { file: source.name }, 'Was the export or download cut short?');
  for (let record = splitter.next(true); record !== undefined; record = splitter.next(true)) yield { ...record, row: splitter.records };
}

const placeOf = (file: string, row: number, column: string | undefined): Place => ({
  file,
  row,
  ...(column === undefined ? {} : { column }),
});

class RowFiller {
  readonly #file: string;
  readonly #anyText: boolean | undefined;
  readonly #cells: readonly Cells[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #batcher: Batcher;
  readonly #countBadRows: boolean;
  readonly #counts: PassCounts;
  readonly #touched: Int32Array;
  #stamp = 0;
  rows = 0;

  constructor(
    file: string,
    fields: readonly PartField[],
    wanted: readonly string[],
    { anyText, missing }: { readonly anyText: boolean | undefined; readonly missing: ReadonlySet<string> },
    countBadRows: boolean,
    counts: PassCounts,
  ) {
    this.#file = file;
    this.#anyText = anyText;
    const names = fields.map((field) => field.name);
    this.#cells = fields.map((field) => new Cells(field, decoderOf('utf-8', anyText), missing, BATCH_ROWS));
    this.#places = new Map(names.map((name, i) => [name, i]));
    this.#batcher = new Batcher(names, this.#cells, wanted);
    this.#countBadRows = countBadRows;
    this.#counts = counts;
    this.#touched = new Int32Array(fields.length);
  }

  add(record: RecordBytes & { readonly row: number }): void {
    let column: string | undefined;
    try {
      const object = parseRecord(record, this.#anyText);
      this.#stamp++;
      for (const key of Object.keys(object)) {
        column = key;
        const place = this.#places.get(key);
        if (place === undefined)
          throw new BadCell(
            'new-column',
            `column "${key}" was not in the first records.`,
            'Give every record the same keys (null where there is no value).',
          );
        this.#touched[place] = this.#stamp;
        setCell(this.#cells[place], this.rows, flatCell(object[key], key));
      }
      column = undefined;
      for (let i = 0; i < this.#touched.length; i++) if (this.#touched[i] !== this.#stamp) this.#cells[i].setMissing(this.rows);
      this.rows++;
    } catch (error) {
      if (!(error instanceof BadCell || error instanceof BadText)) throw error;
      const placed = new BadInput(
        error.code,
        error.message,
        placeOf(this.#file, record.row, ('column' in error ? error.column : undefined) ?? column),
        'todo' in error ? error.todo : undefined,
      );
      if (!this.#countBadRows) throw placed;
      this.#counts.badRows++;
      this.#counts.badByCode[placed.code] = (this.#counts.badByCode[placed.code] ?? 0) + 1;
      if (this.#counts.examples.length < 5) this.#counts.examples.push(placed.message);
    }
  }

  take() {
    const { rows } = this;
    this.rows = 0;
    return this.#batcher.take({ rows });
  }
}

const encoder = new TextEncoder();
let scratch = new Uint8Array(4096);

function setCell(cells: Cells, row: number, cell: JsonCell): void {
  if (cell === null || cell === undefined) cells.setMissing(row);
  else if (typeof cell === 'number' && (cells.kind === NUMBER || (cells.kind === INTEGER && Number.isInteger(cell))))
    cells.setNumber(row, cell);
  else if (typeof cell === 'boolean' && cells.rules.type === 'boolean') cells.setNumber(row, cell ? 1 : 0);
  else
    setText(
      cells,
      row,
      cell instanceof LongNumber ? cell.text : typeof cell === 'number' ? numberText(cell) : String(cell),
      cells.kind === TEXT || fits(cells, cell),
    );
}

/** A JSON text stands for a number only where the user declared numbers; for a date always, since JSON has no dates. */
function fits({ kind, rules }: Cells, cell: JsonCell): boolean {
  if (typeof cell !== 'string') return typeof cell !== 'boolean' && kind !== OTHER;
  return rules.declared || rules.type === 'date' || rules.type === 'timestamp';
}

/** `allowed`: false when the kind of value itself is wrong for the column, whatever its text. */
function setText(cells: Cells, row: number, text: string, allowed: boolean): void {
  if (!allowed) cells.refuse(text);
  if (scratch.length < text.length * 3) scratch = new Uint8Array(text.length * 3);
  const { written } = encoder.encodeInto(text, scratch);
  cells.set(row, scratch, 0, written, true);
}
