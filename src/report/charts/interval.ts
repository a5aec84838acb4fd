import type { Mark } from '../document.ts';
import { element } from './svg.ts';

const WIDTH = 120;
const HEIGHT = 16;

/** A dot with its interval, beside the figure that says the same in digits (so it is hidden from those who read aloud). */
export function intervalMark({ value, low, high, reference, from, to }: Mark): string {
  const at = (each: number) => 4 + ((each - from) / (to - from)) * (WIDTH - 8);
  const middle = HEIGHT / 2;
  const parts = [element('line', { class: 'axis', x1: 0, x2: WIDTH, y1: middle, y2: middle })];
  if (reference !== undefined)
    parts.push(element('line', { class: 'reference', x1: at(reference), x2: at(reference), y1: 1, y2: HEIGHT - 1 }));
  if (low !== undefined && high !== undefined) {
    parts.push(element('line', { class: 'range', x1: at(low), x2: at(high), y1: middle, y2: middle }));
    for (const end of [low, high])
      parts.push(element('line', { class: 'range', x1: at(end), x2: at(end), y1: middle - 3, y2: middle + 3 }));
  }
  parts.push(element('circle', { class: 'dot', cx: at(value), cy: middle, r: 3.5 }));
  return element(
    'svg',
    { class: 'mark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, 'aria-hidden': 'true' },
    ...parts,
  );
}
