import { before, test } from 'node:test';
import {
  allMetrics,
  type ClassificationRows,
  classificationRows,
  partialAreaUnderRoc,
  type Rows,
  rankedScoresOf,
  regressionRows,
  type Task,
} from '../../src/metrics/index.ts';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import { close, golden } from './close.ts';

type Figures = Record<string, number | null>;
const reference = golden('large') as Record<'scores' | 'weighted' | 'numbers' | 'classes', Figures>;
const n = 1_000_000;
const drawn = (index: number): Random => Random.of(20240101, STREAMS.synthetic, index);

function equalsGolden(task: Task, rows: Rows, expected: Figures): void {
  for (const metric of allMetrics(task)) {
    const figure = expected[metric.name];
    if (typeof figure !== 'number' || !metric.applies(rows)) continue;
    const found = metric.value(rows);
    close('value' in found ? found.value : Number.NaN, figure, metric.name);
  }
}

let scored: ClassificationRows;
let weighted: ClassificationRows;
before(() => {
  const random = drawn(0);
  const [codes, scores] = [new Int32Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    codes[i] = Number(random.float() < 0.3);
    scores[i] = Math.floor((0.3 * codes[i]! + 0.7 * random.float()) * 5000) / 5000;
  }
  const rows = (some: number) => ({ truth: { codes: codes.subarray(0, some), dictionary: ['0', '1'] }, scores: scores.subarray(0, some) });
  const weights = Float64Array.from({ length: 200_000 }, () => Math.floor(4 * random.float()) / 2);
  scored = classificationRows({ ...rows(n), classes: [0, 1], positive: 1 });
  weighted = classificationRows({ ...rows(200_000), classes: [0, 1], positive: 1, weights });
});

test('two classes: a million rows made from a seed equal scikit-learn', () => {
  equalsGolden('binary', scored, reference.scores);
  close(partialAreaUnderRoc(rankedScoresOf(scored), 0.1), reference.scores['partial_auc_0.1']!);
});

test('two classes: 200,000 weighted rows equal scikit-learn', () => {
  equalsGolden('binary', weighted, reference.weighted);
  close(partialAreaUnderRoc(rankedScoresOf(weighted), 0.1), reference.weighted['partial_auc_0.1']!);
});

test('numbers: a million rows made from a seed equal scikit-learn', () => {
  const random = drawn(1);
  const [truth, predicted] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    truth[i] = random.float() * 9 + 0.5;
    predicted[i] = Math.max(truth[i]! + 2 * random.float() - 1, 0.05);
  }
  equalsGolden('regression', regressionRows({ truth, predicted }), reference.numbers);
});

test('six classes: a million rows made from a seed equal scikit-learn', () => {
  const random = drawn(2);
  const dictionary = [...'012345'];
  const [truth, predicted] = [new Int32Array(n), new Int32Array(n)];
  for (let i = 0; i < n; i++) {
    truth[i] = random.below(6);
    predicted[i] = random.float() < 0.6 ? truth[i]! : random.below(6);
  }
  const rows = classificationRows({
    truth: { codes: truth, dictionary },
    predicted: { codes: predicted, dictionary },
    classes: dictionary,
  });
  equalsGolden('multiclass', rows, reference.classes);
});
