import { BadInput } from './bad-input.ts';
import type { ByteSource } from './byte-source.ts';
import { csvPart } from './csv/csv-part.ts';
import { type FileTable, joinParts } from './join-parts.ts';
import { jsonPart } from './json/json-part.ts';
import { openFile } from './open-file.ts';
import type { Part } from './part.ts';
import type { Format, ReadOptions } from './read-options.ts';

/** Bytes looked at to find the types: 4 MB of the first file, less of each further one. */
const SAMPLE_BYTES = 4 * 1024 * 1024;
const SAMPLE_BYTES_MORE = 256 * 1024;

/** A table over local files (several become one, in the given order). */
export async function openTable(paths: string | readonly string[], options: ReadOptions = {}, signal?: AbortSignal): Promise<FileTable> {
  const list = typeof paths === 'string' ? [paths] : paths;
  const sources: ByteSource[] = [];
  for (const path of list) sources.push(await openFile(path));
  return tableFrom(list.length === 1 ? list[0] : `${list[0]} and ${list.length - 1} more`, sources, options, signal);
}

/** A table over sources of bytes; the format comes from the options or the sources' names. */
export async function tableFrom(
  name: string,
  sources: readonly ByteSource[],
  options: ReadOptions = {},
  signal?: AbortSignal,
): Promise<FileTable> {
  const parts: Part[] = [];
  for (const source of sources) {
    const format = options.format ?? formatOf(source.name);
    parts.push(await openPart(source, { ...options, format }, parts.length === 0 ? SAMPLE_BYTES : SAMPLE_BYTES_MORE, signal));
  }
  return joinParts(name, parts, options);
}

async function openPart(
  source: ByteSource,
  options: ReadOptions & { format: Format },
  sampleBytes: number,
  signal?: AbortSignal,
): Promise<Part> {
  switch (options.format) {
    case 'csv':
    case 'tsv':
      return csvPart(source, options, sampleBytes, signal);
    case 'json':
    case 'jsonl':
      return jsonPart(source, options, sampleBytes, signal);
    default:
      throw new BadInput('unknown-format', `format ${options.format} cannot be read.`, { file: source.name });
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
  const ending = /\.([a-z]+)(?:\.gz)?$/i.exec(name)?.[1].toLowerCase() ?? '';
  const format = FORMATS[ending];
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
