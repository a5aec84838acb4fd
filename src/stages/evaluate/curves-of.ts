import type { Curve } from '../../kernel/record.ts';
import type { ClassificationRows } from '../../metrics/classification-rows.ts';
import { binaryCurves } from '../../metrics/curves.ts';
import type { Rows } from '../../metrics/metric.ts';

/** Curves of the candidate, and beside each the champion's where it was judged. */
export function curvesOf(candidate: Rows, champion: Rows | undefined): Curve[] {
  const theirs = champion && binary(champion) ? binaryCurves(champion, 'champion') : [];
  const ours = binary(candidate) ? binaryCurves(candidate) : [];
  return ours.map((curve) => {
    const beside = theirs.find(({ name }) => name === curve.name);
    return { ...curve, series: [...curve.series, ...(beside?.series ?? [])].map(({ name, x, y }) => ({ name, x: [...x], y: [...y] })) };
  });
}

const binary = (rows: Rows): rows is ClassificationRows & Rows => 'positive' in rows && rows.positive !== undefined;
