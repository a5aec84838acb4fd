import { calibrationBins } from './calibration.ts';
import type { ClassificationRows } from './classification-rows.ts';
import { descend, type RankedScores, rankedScoresOf } from './ranked-scores.ts';

/** Most points of a curve that a record keeps. */
export const CURVE_POINTS_MAX = 200;

export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Score from which on (inclusive) rows are positive, at each point; ∞ where none is. */
  readonly thresholds?: readonly number[];
}

/**
 * Receiver operating characteristic: false against true positive rate per distinct score, from (0, 0). Points between two equal steps lie on
 * a line and are dropped, as scikit-learn does, unless `keepAll` is set.
 */
export function rocCurve(scores: RankedScores, { keepAll = false } = {}): Points {
  const fpr = [0];
  const tpr = [0];
  const thresholds = [Number.POSITIVE_INFINITY];
  let tp = 0;
  let fp = 0;
  let lastP = -1;
  let lastQ = -1;
  descend(scores, (score, p, q) => {
    tp += p;
    fp += q;
    const inLine = !keepAll && thresholds.length > 2 && p === lastP && q === lastQ;
    if (inLine) {
      fpr.pop();
      tpr.pop();
      thresholds.pop();
    }
    fpr.push(fp / scores.negativeWeight);
    tpr.push(tp / scores.positiveWeight);
    thresholds.push(score);
    lastP = p;
    lastQ = q;
  });
  return { x: fpr, y: tpr, thresholds };
}

/** Recall against precision per distinct score, from the lowest threshold to the end point (recall 0, precision 1). */
export function precisionRecallCurve(scores: RankedScores): Points {
  const recall: number[] = [0];
  const precision: number[] = [1];
  const thresholds: number[] = [Number.POSITIVE_INFINITY];
  let tp = 0;
  let all = 0;
  descend(scores, (score, p, q) => {
    tp += p;
    all += p + q;
    recall.push(tp / scores.positiveWeight);
    precision.push(tp / all);
    thresholds.push(score);
  });
  return { x: recall.reverse(), y: precision.reverse(), thresholds: thresholds.reverse() };
}

/** False positive against false negative rate, thresholds ascending, without the flat ends. */
export function detCurve(scores: RankedScores): Points {
  const fps = [0];
  const tps = [0];
  const cuts = [Number.POSITIVE_INFINITY];
  let tp = 0;
  let fp = 0;
  descend(scores, (score, p, q) => {
    tp += p;
    fp += q;
    fps.push(fp);
    tps.push(tp);
    cuts.push(score);
  });
  // From the highest threshold with no false negative to the last that keeps the lowest false positive rate.
  const end = tps.indexOf(tp) + 1;
  const start = Math.max(0, fps.lastIndexOf(fps[0] ?? 0));
  const fpr = fps.slice(start, end).map((count) => count / scores.negativeWeight);
  const fnr = tps.slice(start, end).map((count) => 1 - count / scores.positiveWeight);
  return { x: fpr.reverse(), y: fnr.reverse(), thresholds: cuts.slice(start, end).reverse() };
}

/** At most `most` points, always the first and the last, else as even along the curve as its points allow. */
export function thinned({ x, y, thresholds }: Points, most = CURVE_POINTS_MAX): Points {
  if (x.length <= most) return { x, y, thresholds };
  const along = new Float64Array(x.length);
  for (let i = 1; i < x.length; i++) along[i] = along[i - 1]! + Math.abs(x[i]! - x[i - 1]!) + Math.abs(y[i]! - y[i - 1]!);
  const kept: number[] = [];
  for (let k = 0, i = 0; k < most; k++) {
    const wanted = (along.at(-1)! * k) / (most - 1);
    while (i < x.length - 1 && along[i]! < wanted) i++;
    const at = k === most - 1 ? x.length - 1 : i;
    if (kept.at(-1) !== at) kept.push(at);
  }
  return { x: kept.map((i) => x[i]!), y: kept.map((i) => y[i]!), thresholds: thresholds && kept.map((i) => thresholds[i]!) };
}

/** The form in which a record keeps a curve. */
export interface NamedCurve {
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly {
    readonly name: string;
    readonly x: readonly number[];
    readonly y: readonly number[];
    /** null where no row is positive. */
    readonly thresholds?: readonly (number | null)[];
  }[];
}

/** ROC, precision-recall and calibration curve of a binary task, thinned for a record; none where a class is absent. */
export function binaryCurves(rows: ClassificationRows, series = 'candidate'): NamedCurve[] {
  if (rows.scores === undefined) return [];
  const scores = rankedScoresOf(rows);
  if (scores.positiveWeight === 0 || scores.negativeWeight === 0) return [];
  const one = ({ x, y, thresholds }: Points): NamedCurve['series'] => [
    { name: series, x, y, ...(thresholds && { thresholds: thresholds.map((score) => (Number.isFinite(score) ? score : null)) }) },
  ];
  const bins = calibrationBins(rows);
  return [
    { name: 'roc', title: 'ROC', x: 'False positive rate', y: 'True positive rate', series: one(thinned(rocCurve(scores))) },
    {
      name: 'precision-recall',
      title: 'Precision and recall',
      x: 'Recall',
      y: 'Precision',
      series: one(thinned(precisionRecallCurve(scores))),
    },
    {
      name: 'calibration',
      title: 'Calibration',
      x: 'Mean predicted probability',
      y: 'Share of positives',
      series: one({ x: bins.map((bin) => bin.meanScore), y: bins.map((bin) => bin.shareOfPositives) }),
    },
  ];
}
