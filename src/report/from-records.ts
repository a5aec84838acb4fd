import { type Block, type Cell, cell } from './document.ts';
import { number } from './numbers.ts';
import type { Curve, RecordTable, StageRecord } from './run.ts';

/** The tables a stage left behind, as they are. */
export function tableBlocks(record: StageRecord): readonly Block[] {
  return record.tables.filter((table) => table.rows.length > 0).map(tableBlock);
}

function tableBlock(table: RecordTable): Block {
  const columns = table.columns.map((title, index) => ({
    title,
    numeric: table.rows.every((row) => row[index] === null || typeof row[index] === 'number'),
  }));
  return { kind: 'table', caption: table.title, columns, rows: table.rows.map((row) => row.map(recordCell)), total: table.total };
}

function recordCell(value: string | number | boolean | null): Cell {
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
