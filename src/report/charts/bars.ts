import type { Chart } from '../document.ts';
import { number } from '../numbers.ts';
import { linearScale } from './scale.ts';
import { element, label, picture, short } from './svg.ts';

type Bars = Extract<Chart, { kind: 'bars' }>;

const WIDTH = 520;
const LINE = 22;
const PLOT = { left: 170, right: 450, top: 8 } as const;

/** Lying bars, one for each name, with its figure; a dashed line where the limit is. */
export function barsChart({ title, unit, bars, limit }: Bars): string {
  const values = bars.map(({ value }) => value).filter(Number.isFinite);
  if (values.length === 0) return '';
  const x = linearScale({ low: Math.min(0, ...values), high: Math.max(0, ...values, limit ?? 0), from: PLOT.left, to: PLOT.right });
  const bottom = PLOT.top + bars.length * LINE;
  const drawn = bars.flatMap(({ name, value, tone }, index) => {
    if (!Number.isFinite(value)) return [];
    const top = PLOT.top + index * LINE;
    const [from, to] = [Math.min(x.at(0), x.at(value)), Math.max(x.at(0), x.at(value))];
    return [
      label(short(name, 24), { class: 'tick end', x: PLOT.left - 8, y: top + 15 }),
      element('rect', { class: `bar ${tone ?? ''}`.trim(), x: from, y: top + 4, width: Math.max(1, to - from), height: LINE - 8 }),
      label(number(value), { class: 'tick', x: to + 6, y: top + 15 }),
    ];
  });
  const zero = element('line', { class: 'frame', x1: x.at(0), x2: x.at(0), y1: PLOT.top, y2: bottom });
  const limits =
    limit === undefined
      ? []
      : [
          element('line', { class: 'reference', x1: x.at(limit), x2: x.at(limit), y1: PLOT.top, y2: bottom + 4 }),
          label(`limit ${number(limit)}`, { class: 'tick middle', x: x.at(limit), y: bottom + 17 }),
        ];
  const description = `${unit}: ${bars
    .slice(0, 10)
    .map(({ name, value }) => `${name} ${number(value)}`)
    .join(', ')}${bars.length > 10 ? ', …' : ''}`;
  return picture(
    { width: WIDTH, height: bottom + (limit === undefined ? 6 : 24), title, description, kind: 'chart' },
    ...drawn,
    zero,
    ...limits,
  );
}
