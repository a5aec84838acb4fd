import { readFile } from 'node:fs/promises';
import type { Data } from '../providers/sources/source.ts';
import { BadInput } from '../tables/bad-input.ts';
import { tableOf } from '../tables/memory-table.ts';
import type { Table } from '../tables/table.ts';

/** What stands between the SQL and the database's name in a prediction of BIRD's form. */
const BIRD = '\t----- bird -----\t';

/**
 * The files of public benchmarks that are no tables, told by their names and their shape:
 * lines of Spider (`*.sql`, `*.txt`; gold: `SQL<TAB>db_id`, predictions: SQL alone; blank lines end a dialogue and are no rows),
 * and the object of BIRD's predictions (`{"0": "SQL\t----- bird -----\tdb_id"}`, by position). Undefined for any other file.
 */
export async function openBenchmarkFile(reference: string, source: Pick<Data, 'fetch'>, signal: AbortSignal): Promise<Table | undefined> {
  if (!/\.(?:sql|txt|json)$/i.test(reference)) return undefined;
  const [file, ...more] = await source.fetch(reference, signal);
  if (!file || more.length > 0) return undefined;
  const text = (await readFile(file.path, 'utf8')).replace(/^\uFEFF/, '');
  if (!/\.json$/i.test(reference)) return ofLines(text, reference);
  return text.trimStart().startsWith('{') ? ofBird(text, reference) : undefined;
}

function ofLines(text: string, name: string): Table {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const cut = lines.map((line) => line.lastIndexOf('\t'));
  const gold = lines.length > 0 && lines.every((line, i) => cut[i]! > 0 && /^[\w-]+\s*$/.test(line.slice(cut[i]! + 1)));
  if (!gold)
    return predictions(
      lines.map((line) => line.trim()),
      name,
    );
  return tableOf(
    { query: lines.map((line, i) => line.slice(0, cut[i]).trim()), db_id: lines.map((line, i) => line.slice(cut[i]! + 1).trim()) },
    { name, types: { query: 'text', db_id: 'text' } },
  );
}

function ofBird(text: string, file: string): Table | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  const entries = Object.entries(content as Record<string, unknown>);
  if (entries.length === 0 || !entries.every(([key, value]) => /^\d+$/.test(key) && typeof value === 'string')) return undefined;
  const predicted: string[] = [];
  for (const [key, value] of entries) {
    if (Number(key) >= entries.length)
      throw new BadInput(
        'bird-gap',
        `expected the positions 0 to ${entries.length - 1}, found "${key}".`,
        { file },
        'Give every row a prediction, an empty one where there is none.',
      );
    predicted[Number(key)] = (value as string).split(BIRD)[0]!;
  }
  return predictions(predicted, file);
}

const predictions = (sql: readonly string[], name: string): Table =>
  tableOf({ predicted_sql: sql }, { name, types: { predicted_sql: 'text' } });
