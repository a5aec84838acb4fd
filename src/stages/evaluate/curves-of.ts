import type { Curve, RecordTable } from '../../kernel/record.ts';
import type { ClassificationRows } from '../../metrics/classification-rows.ts';
import { confusionOf } from '../../metrics/confusion.ts';
import { binaryCurves } from '../../metrics/curves.ts';
import type { Rows } from '../../metrics/metric.ts';

/** Curves of the candidate, and beside each the champion's where it was judged. */
export function curvesOf(candidate: Rows, champion: Rows | undefined): Curve[] {
  const theirs = champion && binary(champion) ? binaryCurves(champion, 'champion') : [];
  const ours = binary(candidate) ? binaryCurves(candidate) : [];
  return ours.map((curve) => {
    const beside = theirs.find(({ name }) => name === curve.name);
    return {
      ...curve,
      series: [...curve.series, ...(beside?.series ?? [])].map(({ name, x, y, thresholds }) => ({
        name,
        x: [...x],
        y: [...y],
        ...(thresholds && { thresholds: [...thresholds] }),
      })),
    };
  });
}

/** A matrix of more classes is not read any more. */
const CLASSES_MAX = 30;

/** How often each class was taken for which; nothing for tasks without classes. */
export function confusionTables(rows: Rows): RecordTable[] {
  if (!('classes' in rows) || !('predicted' in rows)) return [];
  const { classes, cells } = confusionOf(rows as ClassificationRows & Rows);
  if (classes.length > CLASSES_MAX) return [];
  const row = (truth: number) => [...cells.subarray(truth * classes.length, (truth + 1) * classes.length)];
  return [
    {
      name: 'confusion',
      title: 'Confusion matrix',
      columns: ['Observed', ...classes.map((label) => `Predicted ${label}`)],
      rows: classes.map((label, truth) => [label, ...row(truth)]),
    },
  ];
}

const binary = (rows: Rows): rows is ClassificationRows & Rows => 'positive' in rows && rows.positive !== undefined;
