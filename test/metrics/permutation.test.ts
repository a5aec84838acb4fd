import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allMetrics,
  anomalyRows,
  classificationRows,
  compareModels,
  confusionOf,
  countGroups,
  entityRows,
  findMetric,
  forecastRows,
  multilabelRows,
  type Rows,
  regressionRows,
  scoreTextToSql,
  sliceByValue,
  type Task,
  textRows,
} from '../../src/metrics/index.ts';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import { close } from './close.ts';

const n = 400;
const drawn = (index: number): Random => Random.of(11, STREAMS.synthetic, index);
const column = <T>(index: number, of: (random: Random) => T): T[] => {
  const random = drawn(index);
  return Array.from({ length: n }, () => of(random));
};
const order = Uint32Array.from({ length: n }, (_, i) => i);
drawn(0).shuffle(order);

const truth = column(1, (random) => random.below(2));
const scores = column(2, (random) => random.below(50) / 49);
const weights = column(3, (random) => random.below(4));
const numbers = column(4, (random) => random.normal() * 1e3 + 5e3);
const predicted = column(5, (random) => random.normal() * 1e3 + 5e3);
const labels = column(6, (random) => 'abc'[random.below(3)]!);
const words = column(7, (random) => Array.from({ length: 6 }, () => 'abcd'[random.below(4)]).join(' '));
const tags = column(8, (random) => Array.from({ length: 5 }, () => (random.below(2) === 0 ? 'O' : 'B-A')));
const sets = column(9, (random) => [...'abc'].filter(() => random.below(2) === 0));
const next = <T>(values: readonly T[]): T[] => values.map((_, i) => values[(i + 1) % n]!);

const ROWS: Readonly<Partial<Record<Task, Rows>>> = {
  binary: classificationRows({ truth, scores, classes: [0, 1], positive: 1 }),
  multiclass: classificationRows({ truth: labels, predicted: next(labels) }),
  multilabel: multilabelRows({ truth: sets, predicted: next(sets), labels: [...'abc'] }),
  regression: regressionRows({ truth: numbers, predicted, lower: predicted, upper: predicted.map((f) => f + 900) }),
  forecast: forecastRows({ truth: numbers, predicted, train: numbers, season: 7, weights: weights.map((w) => w + 1) }),
  ner: entityRows({ truth: tags, predicted: next(tags) }),
  anomaly: anomalyRows({ truth, scores, threshold: 0.7 }),
  text: textRows({ hypotheses: words, references: words.map((_, i) => [words[(i + 1) % n]!]) }),
  'text-to-sql': scoreTextToSql(words.map((expected, i) => ({ expected, predicted: words[(i + 1) % n]! }))),
};

/** Figures of counts and orders: the same to the last bit. Sums of doubles may differ in it (1e-12). */
const EXACT =
  /^(accuracy|zero_one_loss|balanced_accuracy|precision|recall|specificity|f1|f2|f05|jaccard|mcc|cohen|auc_roc$|gini|average_precision|ks_|max_error|median_|exact_match|bleu|chrf|ter|coverage|token_accuracy|span_f1|best_f1)/;

for (const [task, rows] of Object.entries(ROWS))
  test(`${task}: the order of the rows changes no figure of counts and orders`, () => {
    const permuted = rows.take(order);
    for (const metric of allMetrics(task as Task)) {
      if (!metric.applies(rows)) continue;
      const [before, after] = [metric.value(rows), metric.value(permuted)];
      const samples = metric.name.endsWith('_samples');
      if (EXACT.test(metric.name) && !samples) assert.deepEqual(after, before, metric.name);
      else if ('value' in before) close('value' in after ? after.value : Number.NaN, before.value, metric.name, 1e-12);
      else assert.deepEqual(after, before, metric.name);
    }
  });

test('weighted rows, confusion matrix and groups do not depend on the order either', () => {
  const rows = classificationRows({ truth, scores, classes: [0, 1], positive: 1, weights });
  const permuted = rows.take(order);
  assert.deepEqual(confusionOf(permuted).cells, confusionOf(rows).cells);
  for (const name of ['accuracy', 'auc_roc', 'average_precision', 'f1_score']) {
    const [before, after] = [rows, permuted].map((each) => findMetric('binary', name).value(each));
    assert.deepEqual(after, before, name);
  }
  const groups = (each: typeof rows, by: string[]) => countGroups(each, sliceByValue('g', by)).sort((a, b) => (a.group < b.group ? -1 : 1));
  assert.deepEqual(
    groups(
      permuted,
      [...order].map((at) => labels[at]!),
    ),
    groups(rows, labels),
  );
});

test('a comparison by shares and by DeLong is the same whatever the order', async () => {
  const [candidate, champion] = [scores, next(scores)].map((each) =>
    classificationRows({ truth, scores: each, classes: [0, 1], positive: 1 }),
  );
  for (const name of ['accuracy', 'auc_roc']) {
    const primary = findMetric('binary', name);
    const before = await compareModels({ primary, candidate: candidate!, champion: champion! });
    const after = await compareModels({ primary, candidate: candidate!.take(order), champion: champion!.take(order) });
    close(after.primary!.interval!.low, before.primary!.interval!.low, name, 1e-12);
    assert.deepEqual([after.verdict, after.primary!.discordant], [before.verdict, before.primary!.discordant]);
  }
});
