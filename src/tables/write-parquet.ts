import { zstdCompressSync } from 'node:zlib';
import type { CompressionCodec, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column, ColumnType, Table } from './table.ts';

export interface ParquetWriteOptions {
  /** `snappy` by default. */
  readonly compression?: 'none' | 'snappy' | 'zstd';
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Rows of a row group: what the writer holds at a time. */
const GROUP_ROWS = 131_072;
const CODECS: Readonly<Record<string, CompressionCodec>> = { none: 'UNCOMPRESSED', snappy: 'SNAPPY', zstd: 'ZSTD' };

/**
 * A table as Parquet, row group by row group: integers INT64, numbers DOUBLE, dates DATE, timestamps in microseconds UTC, text UTF-8.
 * Equal tables give equal bytes.
 */
export async function* writeParquet(
  table: Table,
  { compression = 'snappy', columns, signal }: ParquetWriteOptions = {},
): AsyncIterable<Uint8Array> {
  const names = columns ?? table.schema.map((field) => field.name);
  const types = names.map((name) => table.schema.find((field) => field.name === name)?.type ?? 'text');
  const writer = new ByteWriter(1 << 20);
  const root: SchemaElement = { name: 'root', num_children: names.length };
  const schema = [root, ...names.map((name, i): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...STORED[types[i]] }))];
  const parquet = new ParquetWriter({
    writer,
    schema,
    codec: CODECS[compression],
    compressors: { ZSTD: (bytes) => new Uint8Array(zstdCompressSync(bytes)) },
    createdBy: 'retrain',
  });
  let group: unknown[][] = names.map(() => []);
  let rows = 0;

  const written = (): Uint8Array => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  const flush = async (): Promise<Uint8Array> => {
    await parquet.write({ columnData: names.map((name, i) => ({ name, data: group[i] })), rowGroupSize: GROUP_ROWS });
    group = names.map(() => []);
    rows = 0;
    return written();
  };

  for await (const batch of table.batches({ columns: names, signal })) {
    for (let from = 0; from < batch.rows; ) {
      const to = Math.min(batch.rows, from + GROUP_ROWS - rows);
      for (const [i, column] of batch.columns.entries()) append(group[i], column, types[i], from, to);
      rows += to - from;
      from = to;
      if (rows === GROUP_ROWS) yield await flush();
    }
  }
  if (rows > 0) yield await flush();
  await parquet.finish();
  yield written();
}

const STORED: Readonly<Record<ColumnType, Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>>> = {
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  date: { type: 'INT32', converted_type: 'DATE' },
  timestamp: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

const DAY_MS = 86_400_000;

function append(into: unknown[], column: Column, type: ColumnType, from: number, to: number): void {
  if (column.kind === 'text') {
    for (let i = from; i < to; i++) into.push(column.codes[i] < 0 ? null : column.dictionary[column.codes[i]]);
    return;
  }
  const { values, missing } = column;
  const stored = storedValue(type);
  for (let i = from; i < to; i++) into.push(missing !== undefined && missing[i] === 1 ? null : stored(values[i]));
}

function storedValue(type: ColumnType): (value: number) => unknown {
  switch (type) {
    case 'integer':
      return (value) => BigInt(value);
    case 'boolean':
      return (value) => value === 1;
    case 'date':
      return (value) => Math.floor(value / DAY_MS);
    case 'timestamp':
      return (value) => BigInt(Math.round(value * 1000));
    default:
      return (value) => value;
  }
}
