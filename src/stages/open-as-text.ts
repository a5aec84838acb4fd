import type { Data } from '../providers/sources/source.ts';
import type { Table } from '../tables/table.ts';
import { openBenchmarkFile } from './sql-benchmark-files.ts';

/** Text stays text: an SQL column that looks like numbers, or holds NULL or U+0000, must come as it was written. Also files of public benchmarks. */
export async function openAsText(reference: string, source: Pick<Data, 'open' | 'fetch'>, signal: AbortSignal): Promise<Table> {
  const benchmark = await openBenchmarkFile(reference, source, signal);
  if (benchmark) return benchmark;
  const { schema } = await source.open(reference, { anyText: true }, signal);
  return source.open(reference, { anyText: true, types: Object.fromEntries(schema.map(({ name }) => [name, 'text' as const])) }, signal);
}
