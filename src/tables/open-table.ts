import { stat } from 'node:fs/promises';
import { BadInput } from './bad-input.ts';
import type { ByteSource } from './byte-source.ts';
import { csvPart } from './csv/csv-part.ts';
import { type FileTable, joinParts } from './join-parts.ts';
import { jsonPart } from './json/json-part.ts';
import { openFile } from './open-file.ts';
import { parquetPart } from './parquet/parquet-part.ts';
import type { Part } from './part.ts';
import { listPartitions, type PartitionFile, withPartitionColumns } from './partitions.ts';
import type { Format, ReadOptions } from './read-options.ts';

/** Bytes looked at to find the types: 4 MB of the first file, less of each further one. */
const SAMPLE_BYTES = 4 * 1024 * 1024;
const SAMPLE_BYTES_MORE = 256 * 1024;

/**
 * A table over local files; several become one, in the given order. A folder stands for all files below it, and folder names of the
 * form `key=value` become columns.
 */
export async function openTable(paths: string | readonly string[], options: ReadOptions = {}, signal?: AbortSignal): Promise<FileTable> {
  const list = typeof paths === 'string' ? [paths] : paths;
  const files: PartitionFile[] = [];
  for (const path of list) {
    const folder = (await stat(path)).isDirectory();
    files.push(
      ...(folder
        ? await listPartitions(path, (name) => options.format !== undefined || knownFormat(name) !== undefined)
        : [{ path, values: new Map() }]),
    );
  }
  const parts: Part[] = [];
  for (const { path, values } of files)
    parts.push(withPartitionColumns(await openPart(await openFile(path), options, parts.length, signal), values));
  return joinParts(list.length === 1 ? list[0] : `${list[0]} and ${list.length - 1} more`, parts, options);
}

/** A table over sources of bytes; the format comes from the options or the sources' names. */
export async function tableFrom(
  name: string,
  sources: readonly ByteSource[],
  options: ReadOptions = {},
  signal?: AbortSignal,
): Promise<FileTable> {
  const parts: Part[] = [];
  for (const source of sources) parts.push(await openPart(source, options, parts.length, signal));
  return joinParts(name, parts, options);
}

async function openPart(source: ByteSource, given: ReadOptions, before: number, signal?: AbortSignal): Promise<Part> {
  const options = { ...given, format: given.format ?? formatOf(source.name) };
  const sampleBytes = before === 0 ? SAMPLE_BYTES : SAMPLE_BYTES_MORE;
  switch (options.format) {
    case 'csv':
    case 'tsv':
      return csvPart(source, options, sampleBytes, signal);
    case 'json':
    case 'jsonl':
      return jsonPart(source, options, sampleBytes, signal);
    case 'parquet':
      return parquetPart(source, options);
  }
}

const FORMATS: Readonly<Record<string, Format>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
  pq: 'parquet',
};

/** The format a file's name promises; `.gz` at its end is ignored. */
export function formatOf(name: string): Format {
  const format = knownFormat(name);
  if (format === undefined) {
    throw new BadInput(
      'unknown-format',
      'the name does not tell the format.',
      { file: name },
      'End it in .csv, .tsv, .json, .jsonl or .parquet, or declare the format.',
    );
  }
  return format;
}

function knownFormat(name: string): Format | undefined {
  const ending = /\.([a-z]+)(?:\.gz)?$/i.exec(name)?.[1].toLowerCase() ?? '';
  return Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined;
}
