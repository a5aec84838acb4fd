import { type Block, type Cell, cell } from './document.ts';
import { estimate, number } from './numbers.ts';
import type { Curve, Metric, RecordTable, StageRecord } from './run.ts';

/** The tables a stage left behind, as they are; `leftOut` are those that are told otherwise. */
export function tableBlocks(record: StageRecord, leftOut: readonly string[] = []): readonly Block[] {
  return record.tables.filter((table) => table.rows.length > 0 && !leftOut.includes(table.name)).map(tableBlock);
}

function tableBlock(table: RecordTable): Block {
  const columns = table.columns.map((title, index) => ({
    title,
    numeric: table.rows.every((row) => row[index] === null || typeof row[index] === 'number'),
  }));
  return { kind: 'table', caption: table.title, columns, rows: table.rows.map((row) => row.map(recordCell)), total: table.total };
}

/** A value of a record's table. */
export function recordCell(value: string | number | boolean | null): Cell {
  if (value === null) return cell('–');
  if (typeof value === 'number') return cell(number(value));
  return cell(typeof value === 'boolean' ? (value ? 'yes' : 'no') : value);
}

/** The curves a stage left behind: lines where x is a number, bars where it is a name. */
export function curveBlocks(record: StageRecord): readonly Block[] {
  return record.curves.flatMap(curveBlock);
}

const SERIES_MAX = 6;
const BARS_MAX = 30;

function curveBlock(curve: Curve): readonly Block[] {
  const names = curve.series.filter((series) => series.x.some((x) => typeof x === 'string'));
  if (names.length > 0) {
    return names.slice(0, SERIES_MAX).map((series) => ({
      kind: 'chart',
      chart: {
        kind: 'bars',
        title: names.length > 1 ? `${curve.title}: ${series.name}` : curve.title,
        unit: curve.y,
        bars: series.y.slice(0, BARS_MAX).map((value, index) => ({ name: String(series.x[index] ?? ''), value })),
      },
    }));
  }
  const series = curve.series.slice(0, SERIES_MAX).map(({ name, x, y }) => ({ name, x: x.map(Number), y }));
  if (series.every(({ x }) => x.length === 0)) return [];
  const unit = ['roc', 'precision-recall', 'calibration'].includes(curve.name);
  const diagonal = curve.name === 'roc' ? 'by chance' : curve.name === 'calibration' ? 'perfect' : undefined;
  return [{ kind: 'chart', chart: { kind: 'lines', title: curve.title, x: curve.x, y: curve.y, series, unit, diagonal } }];
}

/** A figure with its interval, or why there is none. */
export const valueText = (metric: Metric): string =>
  metric.value === undefined ? (metric.notComputable ?? '–') : estimate(metric.value, metric.interval);

/** What a record says of itself, and its verdict's reason when that is not the same. */
export function leadOf(record: StageRecord): string {
  const reason = record.verdict && record.verdict.kind !== 'passed' ? record.verdict.reason.text : '';
  const parts = [record.found, reason].filter((part, index, all) => part !== '' && all.indexOf(part) === index);
  return parts.map((part, index) => (index < parts.length - 1 && !/[.!?]$/.test(part) ? `${part}.` : part)).join(' ') || 'Done.';
}
