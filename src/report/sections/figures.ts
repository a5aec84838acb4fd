import { type Block, cell, columnsOf, type Section } from '../document.ts';
import { curveBlocks, tableBlocks, valueText } from '../from-records.ts';
import { marksFor } from '../marks.ts';
import { count, percent } from '../numbers.ts';
import { candidateMetrics, type Run, recordOf } from '../run.ts';

export function metrics(run: Run): Section {
  const found = candidateMetrics(run);
  const marks = marksFor(found.map(({ value, interval }) => ({ value, low: interval?.low, high: interval?.high })));
  const rows = found.map((metric, index) => [
    cell(metric.name),
    cell(metric.split ?? '–'),
    cell(valueText(metric), { mark: marks[index] }),
    cell(count(metric.n)),
    cell(metric.interval ? `${percent(metric.interval.level)}, ${metric.interval.method}` : '–'),
  ]);
  const table: Block = {
    kind: 'table',
    caption: 'Figures of the candidate',
    columns: columnsOf('Measure', 'Part', '#Value', '#n', 'Interval'),
    rows,
  };
  return { id: 'metrics', title: 'What the candidate is worth', weight: 'essential', blocks: rows.length === 0 ? [] : [table] };
}

export function slices(run: Run): Section {
  const record = recordOf(run, 'bias-check');
  const section = { id: 'slices', title: 'Slices', weight: 'useful' as const };
  if (!record) return { ...section, blocks: [] };
  const found = record.metrics.filter(({ slice }) => slice !== undefined);
  const blocks: Block[] = record.found === '' ? [] : [{ kind: 'text', text: record.found }];
  for (const name of new Set(found.map((metric) => metric.name))) {
    const rows = found.filter((metric) => metric.name === name);
    const marks = marksFor(rows.map(({ value, interval }) => ({ value, low: interval?.low, high: interval?.high })));
    blocks.push({
      kind: 'table',
      caption: `${name} by slice`,
      columns: columnsOf('Slice', `#${name}`, '#n'),
      rows: rows.map((metric, index) => [cell(metric.slice ?? ''), cell(valueText(metric), { mark: marks[index] }), cell(count(metric.n))]),
    });
  }
  // The slices above are these buckets.
  return { ...section, blocks: [...blocks, ...tableBlocks(record, ['sql-by-complexity']), ...curveBlocks(record)] };
}

/** Curves, and tables of evaluation, that no other section has told. */
export function curves(run: Run): Section {
  const told = ['bias-check', 'syntax-validate', 'drift', 'validate-data', 'prepare-data', 'train'];
  const blocks = run.records.flatMap((record) => [
    ...(['bias-check', 'drift', 'validate-data', 'prepare-data', 'register'].includes(record.stage) ? [] : curveBlocks(record)),
    ...(told.includes(record.stage) ? [] : tableBlocks(record)),
  ]);
  return { id: 'curves', title: 'Behind the figures', weight: 'detail', blocks };
}

/** The primary metric of the versions so far, as `register` found them. */
export function trend(run: Run): Section {
  const registered = recordOf(run, 'register');
  const blocks: Block[] = registered === undefined ? [] : [...curveBlocks(registered)];
  if (blocks.length > 0)
    blocks.push({
      kind: 'text',
      text: 'Each version was judged on the data of its day: a step here may be the data’s as well as the model’s.',
    });
  return { id: 'trend', title: 'Versions so far', weight: 'detail', blocks };
}
