import { type Block, cell, columnsOf, type Section } from '../document.ts';
import { tableBlocks, valueText } from '../from-records.ts';
import { marksFor } from '../marks.ts';
import { count } from '../numbers.ts';
import { type Run, recordOf } from '../run.ts';

/** Which statements are valid SQL: the rates by complexity, then the first broken ones with the place of the error. */
export function syntax(run: Run): Section {
  const record = recordOf(run, 'syntax-validate');
  const section = { id: 'syntax', title: 'Syntax of the SQL', weight: 'useful' as const };
  if (!record) return { ...section, blocks: [] };
  const marks = marksFor(record.metrics.map(({ value, interval }) => ({ value, low: interval?.low, high: interval?.high })));
  const rows = record.metrics.map((metric, index) => [
    cell(metric.slice ?? SAID[metric.name] ?? metric.name),
    cell(valueText(metric), { mark: marks[index] }),
    cell(count(metric.n)),
  ]);
  const blocks: Block[] = record.found === '' ? [] : [{ kind: 'text', text: record.found }];
  if (rows.length > 0)
    blocks.push({ kind: 'table', caption: 'Share of valid statements', columns: columnsOf('Statements', '#Share', '#n'), rows });
  return { ...section, blocks: [...blocks, ...tableBlocks(record, ['syntax-by-complexity'])] };
}

const SAID: Readonly<Record<string, string>> = {
  syntax_overall: 'all that were judged',
  syntax_after_cleanup: 'the same without fences, prose and escapes around them',
  names_resolve: 'valid ones whose tables and columns exist',
};
