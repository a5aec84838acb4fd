import type { Chart } from '../document.ts';
import { duration } from '../numbers.ts';
import { linearScale } from './scale.ts';
import { element, label, picture, short } from './svg.ts';

type Gantt = Extract<Chart, { kind: 'gantt' }>;

const WIDTH = 640;
const LINE = 22;
const PLOT = { left: 130, right: 560, top: 6 } as const;

/** When each stage ran, and how long. */
export function ganttChart({ title, spans }: Gantt): string {
  if (spans.length === 0) return '';
  const end = Math.max(...spans.map(({ from, seconds }) => from + seconds), 0.001);
  const x = linearScale({ low: 0, high: end, from: PLOT.left, to: PLOT.right, wanted: 6 });
  const bottom = PLOT.top + spans.length * LINE;
  const grid = x.ticks.flatMap((tick) => [
    element('line', { class: 'grid', x1: x.at(tick), x2: x.at(tick), y1: PLOT.top, y2: bottom }),
    label(tick === 0 ? '0' : duration(tick), { class: 'tick middle', x: x.at(tick), y: bottom + 15 }),
  ]);
  const bars = spans.flatMap(({ name, from, seconds, tone }, index) => {
    const top = PLOT.top + index * LINE;
    const width = Math.max(2, x.at(from + seconds) - x.at(from));
    return [
      label(short(name, 18), { class: 'tick end', x: PLOT.left - 8, y: top + 15 }),
      element('rect', { class: `bar ${tone === 'good' ? '' : (tone ?? '')}`.trim(), x: x.at(from), y: top + 4, width, height: LINE - 8 }),
      label(duration(seconds), { class: 'tick', x: x.at(from) + width + 5, y: top + 15 }),
    ];
  });
  const description = spans.map(({ name, seconds }) => `${name} ${duration(seconds)}`).join(', ');
  return picture({ width: WIDTH, height: bottom + 22, title, description, kind: 'chart wide' }, ...grid, ...bars);
}
