import { type Block, cell, columnsOf, type Section } from '../document.ts';
import { curveBlocks, leadOf, tableBlocks, valueText } from '../from-records.ts';
import { count } from '../numbers.ts';
import { type Run, recordOf } from '../run.ts';

export function drift(run: Run): Section {
  const record = recordOf(run, 'drift');
  const section = { id: 'drift', title: 'Drift', weight: 'useful' as const };
  if (!record) return { ...section, blocks: [] };
  const limit = typeof record.inputs.limit === 'number' ? record.inputs.limit : undefined;
  const columns = record.metrics.filter(({ column, value }) => column !== undefined && value !== undefined);
  const sorted = columns.toSorted((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const blocks: Block[] = [{ kind: 'text', tone: record.outputs.drifted === true ? 'unsure' : undefined, text: leadOf(record) }];
  for (const name of new Set(sorted.map((metric) => metric.name))) {
    const bars = sorted
      .filter((metric) => metric.name === name)
      .map((metric) => ({
        name: metric.column ?? '',
        value: metric.value ?? 0,
        tone: limit !== undefined && (metric.value ?? 0) >= limit ? ('unsure' as const) : undefined,
      }));
    blocks.push({ kind: 'chart', chart: { kind: 'bars', title: `${name} by column`, unit: name, bars: bars.slice(0, BARS_MAX), limit } });
  }
  if (sorted.length > 0 && record.tables.length === 0) {
    blocks.push({
      kind: 'table',
      caption: 'Distance by column',
      columns: columnsOf('Column', 'Measure', '#Distance', '#n'),
      rows: sorted.map((metric) => [cell(metric.column ?? ''), cell(metric.name), cell(valueText(metric)), cell(count(metric.n))]),
    });
  }
  return { ...section, blocks: [...blocks, ...tableBlocks(record), ...curveBlocks(record)] };
}

const BARS_MAX = 30;

export function quality(run: Run): Section {
  const blocks = ['validate-data', 'prepare-data'].flatMap((stage): Block[] => {
    const record = recordOf(run, stage);
    if (!record) return [];
    const shown = [...tableBlocks(record), ...curveBlocks(record)];
    const said = record.found !== '' || record.verdict?.kind !== 'passed';
    return said ? [{ kind: 'text', text: `${stage}: ${leadOf(record)}` }, ...shown] : shown;
  });
  return { id: 'data', title: 'Data', weight: 'useful', blocks };
}
