import type { Chart } from '../document.ts';
import { linearScale, tickText } from './scale.ts';
import { element, label, picture, short } from './svg.ts';

type Lines = Extract<Chart, { kind: 'lines' }>;

const WIDTH = 420;
const PLOT = { left: 52, right: 410, top: 12, bottom: 258 } as const;
const AXIS = 302;
const LEGEND_LINE = 18;

/** Curves in one frame: ROC, precision and recall, calibration, a figure over steps or versions. */
export function linesChart(chart: Lines): string {
  const points = chart.series.map(({ x, y }) =>
    x.flatMap((value, index) => (isPoint(value, y[index]) ? [{ x: value, y: y[index] as number }] : [])),
  );
  const all = points.flat();
  if (all.length === 0) return '';
  const [xs, ys] = [all.map((point) => point.x), all.map((point) => point.y)];
  const bounds = chart.unit
    ? { x: [0, 1], y: [0, 1] }
    : { x: [Math.min(...xs), Math.max(...xs)], y: padded(Math.min(...ys), Math.max(...ys)) };
  const x = linearScale({ low: bounds.x[0] ?? 0, high: bounds.x[1] ?? 1, from: PLOT.left, to: PLOT.right });
  const y = linearScale({ low: bounds.y[0] ?? 0, high: bounds.y[1] ?? 1, from: PLOT.bottom, to: PLOT.top });

  const grid = [
    ...y.ticks.map((tick) => element('line', { class: 'grid', x1: PLOT.left, x2: PLOT.right, y1: y.at(tick), y2: y.at(tick) })),
    ...y.ticks.map((tick) => label(tickText(tick), { class: 'tick end', x: PLOT.left - 6, y: y.at(tick) + 4 })),
    ...x.ticks.map((tick) => label(tickText(tick), { class: 'tick middle', x: x.at(tick), y: PLOT.bottom + 16 })),
    element('path', { class: 'frame', d: `M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}` }),
    label(short(chart.x, 50), { class: 'axis-name middle', x: (PLOT.left + PLOT.right) / 2, y: PLOT.bottom + 34 }),
    label(short(chart.y, 34), { class: 'axis-name middle', transform: `translate(13 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)` }),
  ];
  const diagonal =
    chart.diagonal === undefined ? [] : [element('line', { class: 'reference', x1: x.at(0), y1: y.at(0), x2: x.at(1), y2: y.at(1) })];
  const lines = points.map((series, index) => {
    const path = series.map((point, at) => `${at === 0 ? 'M' : 'L'}${x.at(point.x).toFixed(1)} ${y.at(point.y).toFixed(1)}`).join('');
    const dots =
      series.length <= 30 && !(chart.unit && chart.diagonal === 'by chance')
        ? series.map((point) => element('circle', { class: `dot s${index}`, cx: x.at(point.x), cy: y.at(point.y), r: 2.5 }))
        : [];
    return element('path', { class: `line s${index}`, d: path }) + dots.join('');
  });

  const named = [
    ...chart.series.map(({ name }, index) => ({ name, class: `line s${index}` })),
    ...(chart.diagonal === undefined ? [] : [{ name: chart.diagonal, class: 'reference' }]),
  ];
  const legend = named.flatMap(({ name, class: kind }, index) => {
    const top = AXIS + index * LEGEND_LINE;
    return [
      element('line', { class: kind, x1: PLOT.left, x2: PLOT.left + 26, y1: top, y2: top }),
      label(short(name, 48), { class: 'tick', x: PLOT.left + 34, y: top + 4 }),
    ];
  });
  const description = `${chart.y} against ${chart.x}: ${chart.series.map(({ name }) => name).join(', ')}`;
  return picture(
    { width: WIDTH, height: AXIS + named.length * LEGEND_LINE, title: chart.title, description, kind: 'chart' },
    ...grid,
    ...diagonal,
    ...lines,
    ...legend,
  );
}

/** Beyond this the length of an axis is no number any more. */
const SIZE_MAX = 1e300;
const isPoint = (x: number, y: number | undefined): boolean => Math.abs(x) < SIZE_MAX && y !== undefined && Math.abs(y) < SIZE_MAX;

function padded(low: number, high: number): readonly [number, number] {
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - room, high + room];
}
