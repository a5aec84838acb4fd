import { type FileMetaData, parquetMetadata, type RowGroup } from 'hyparquet';
import { BadInput } from '../bad-input.ts';
import type { ByteSource } from '../byte-source.ts';
import { BATCH_ROWS } from '../csv/csv-part.ts';
import { BadText, decoderOf, Interner } from '../csv/intern.ts';
import { EVIDENCE_OF_TYPE } from '../evidence.ts';
import type { Part, PartField } from '../part.ts';
import type { ReadOptions } from '../read-options.ts';
import type { Batch, Column, Schema } from '../table.ts';
import { ChunkCursor, type Target } from './chunk-cursor.ts';
import { convertColumn } from './convert-column.ts';
import { Damaged } from './damaged.ts';
import { type Leaf, leavesOf } from './leaf.ts';
import { TooLargeAt } from './page.ts';

/** A footer larger than this is refused: it would hold a million column chunks. */
const FOOTER_BYTES_MAX = 256 * 1024 * 1024;
/** A source that cannot be read in places is held whole, up to this. */
const HELD_BYTES_MAX = 1024 ** 3;

/**
 * A Parquet file as part of a table: flat columns, any of the common encodings, compressed with snappy, gzip, zstd, brotli or not at all.
 * Row group by row group: the compressed columns of one are in memory, and one unpacked page per column.
 */
export async function parquetPart(given: ByteSource, options: ReadOptions): Promise<Part> {
  const source = await withSlices(given);
  const file = source.name;
  const metadata = await readFooter(source);
  const leaves = leavesOf(file, metadata.schema);
  const missing = new Set(options.missing ?? []);
  const rows = Number(metadata.num_rows);

  return {
    name: file,
    seen: new Map(leaves.map((leaf) => [leaf.name, EVIDENCE_OF_TYPE[leaf.type]])),
    hasRows: rows > 0,
    typed: true,
    async *batches(fields, wanted, _counts, signal, reuse = false) {
      const byName = new Map(fields.map((field) => [field.name, field]));
      const columns = wanted.map((name) => {
        const leaf = leaves.find((candidate) => candidate.name === name) as Leaf;
        const interner = new Interner(decoderOf('utf-8', options.anyText), missing);
        const field = byName.get(name) as PartField;
        return { leaf, index: leaves.indexOf(leaf), field, interner, kept: reuse ? targetOf(leaf, BATCH_ROWS) : undefined };
      });
      const schema: Schema = columns.map(({ field: { name, type } }) => ({ name, type }));
      let firstRow = 0;
      for (const group of metadata.row_groups) {
        const groupRows = Number(group.num_rows);
        const cursors = await Promise.all(columns.map(({ leaf, index, interner }) => openChunk(source, group, leaf, index, interner)));
        for (let done = 0; done < groupRows; ) {
          signal?.throwIfAborted();
          const count = Math.min(BATCH_ROWS, groupRows - done);
          const filled = columns.map(({ leaf, field, interner, kept }, i): Column => {
            try {
              const column = readRows(cursors[i], leaf, interner, count, kept ?? targetOf(leaf, count));
              return field.type === leaf.type
                ? column
                : convertColumn(column, leaf.type, field, missing, { file, firstRow: firstRow + done });
            } catch (error) {
              throw placed(error, file, leaf.name, firstRow + done, firstRow);
            }
          });
          yield { firstRow: firstRow + done, rows: count, schema, columns: filled } satisfies Batch;
          done += count;
        }
        firstRow += groupRows;
      }
    },
  };
}

function targetOf({ type }: Leaf, rows: number): Target {
  const text = type === 'text';
  return {
    values: new Float64Array(text ? 0 : rows),
    codes: new Int32Array(text ? rows : 0),
    missing: new Uint8Array(text ? 0 : rows),
    anyMissing: false,
  };
}

function readRows(cursor: ChunkCursor, { type }: Leaf, interner: Interner, count: number, target: Target): Column {
  if (target.anyMissing) target.missing.fill(0);
  target.anyMissing = false;
  cursor.fill(target, 0, count);
  if (type === 'text') return { kind: 'text', codes: target.codes.subarray(0, count), dictionary: interner.take() };
  const values = target.values.subarray(0, count);
  return target.anyMissing ? { kind: 'number', values, missing: target.missing.subarray(0, count) } : { kind: 'number', values };
}

async function openChunk(
  source: ByteSource & Required<Pick<ByteSource, 'slice'>>,
  group: RowGroup,
  leaf: Leaf,
  index: number,
  interner: Interner,
): Promise<ChunkCursor> {
  const meta = group.columns[index]?.meta_data;
  if (meta === undefined) throw placed(new Damaged('the footer lacks a column of a row group'), source.name, leaf.name);
  // Some writers give a dictionary offset of 0 for "none".
  const from = Number(
    meta.dictionary_page_offset && meta.dictionary_page_offset > 0n ? meta.dictionary_page_offset : meta.data_page_offset,
  );
  const to = from + Number(meta.total_compressed_size);
  if (!(from >= 4 && to >= from && to <= (source.size ?? 0)))
    throw placed(new Damaged('a column lies outside the file'), source.name, leaf.name);
  return new ChunkCursor(leaf, await source.slice(from, to), meta.codec, interner);
}

async function readFooter(source: ByteSource & Required<Pick<ByteSource, 'slice'>>): Promise<FileMetaData> {
  const size = source.size ?? 0;
  const file = source.name;
  if (size === 0) throw new BadInput('empty-file', 'the file is empty.', { file }, 'Was the export or download cut short?');
  const tail = await source.slice(Math.max(0, size - 8), size);
  const magic = tail.length === 8 ? Buffer.from(tail.buffer, tail.byteOffset + 4, 4).toString('latin1') : '';
  if (magic === 'PARE') throw new BadInput('unsupported-parquet', 'the file is encrypted.', { file }, 'Write it without encryption.');
  const length = magic === 'PAR1' ? new DataView(tail.buffer, tail.byteOffset, 4).getUint32(0, true) : 0;
  if (magic !== 'PAR1' || length + 12 > size || length > FOOTER_BYTES_MAX) {
    throw new BadInput('bad-parquet', 'expected a Parquet file, found no footer of one.', { file }, 'Is it Parquet at all, and whole?');
  }
  try {
    return parquetMetadata(new Uint8Array(await source.slice(size - length - 8, size)).buffer, { geoparquet: false });
  } catch (error) {
    throw new BadInput(
      'bad-parquet',
      `the footer cannot be read (${error instanceof Error ? error.message : String(error)}).`,
      { file },
      'Bring the file anew.',
    );
  }
}

async function withSlices(source: ByteSource): Promise<ByteSource & Required<Pick<ByteSource, 'slice'>>> {
  if (source.slice !== undefined && source.size !== undefined) return { ...source, slice: source.slice };
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source.open()) {
    chunks.push(new Uint8Array(chunk));
    size += chunk.length;
    if (size > HELD_BYTES_MAX)
      throw new BadInput(
        'too-large',
        'a compressed Parquet file of more than 1 GiB.',
        { file: source.name },
        'Parquet compresses by itself: unpack the file first.',
      );
  }
  const bytes = Buffer.concat(chunks);
  return { name: source.name, size, open: source.open, slice: async (from, to) => bytes.subarray(from, to) };
}

function placed(error: unknown, file: string, column: string, row?: number, groupRow = 0): unknown {
  if (error instanceof TooLargeAt)
    return new BadInput('number-too-large', error.message, { file, row: groupRow + error.row + 1, column }, 'Write identifiers as text.');
  if (error instanceof Damaged)
    return new BadInput(
      error.code,
      `${error.message}.`,
      { file, column },
      error.code === 'bad-parquet' ? 'Bring the file anew.' : undefined,
    );
  if (error instanceof BadText)
    return new BadInput(
      error.code,
      `${error.message} (rows from ${(row ?? 0) + 1})`,
      { file, column },
      'A table holds text as UTF-8; bytes of another kind cannot be read.',
    );
  return error;
}
