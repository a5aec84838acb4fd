import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allMetrics,
  anomalyRows,
  classificationRows,
  embeddingRows,
  entityRows,
  forecastRows,
  isDifference,
  multilabelRows,
  type Rows,
  rankingRows,
  regressionRows,
  scoreTextToSql,
  type Task,
  textRows,
} from '../../src/metrics/index.ts';
import type { Estimate } from '../../src/statistics/estimate.ts';
import { BadInput } from '../../src/tables/bad-input.ts';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const ranked = (levels: number[], scores: number[], documents = ['d1', 'd2']) =>
  rankingRows({
    judgements: { query: levels.map(() => 'q'), document: documents, level: levels },
    results: { query: scores.map(() => 'q'), document: documents, score: scores },
  });
const embedded = (texts: number[], candidates: number[], partners: number[], ids = ['a', 'b']) =>
  embeddingRows({ texts: Float64Array.from(texts), candidates: Float64Array.from(candidates), ids, partners, dimensions: 2 });

/** Bad input of issue 5, by task: what is refused, and where the message points. */
const REFUSED: readonly (readonly [what: string, make: () => unknown, code: string, row?: number, column?: string | number])[] = [
  ['binary: wrong lengths', () => classificationRows({ truth: [0, 1], scores: [0.5], positive: 1 }), 'wrong-length', undefined, 'score'],
  ['binary: labels of wrong length', () => classificationRows({ truth: [0, 1], predicted: [0] }), 'wrong-length', undefined, 'predicted'],
  [
    'binary: probability above 1',
    () => classificationRows({ truth: [0, 1], scores: [0.5, 1.5], positive: 1 }),
    'not-a-probability',
    2,
    'score',
  ],
  [
    'binary: probability below 0',
    () => classificationRows({ truth: [0, 1], scores: [-1e-9, 1], positive: 1 }),
    'not-a-probability',
    1,
    'score',
  ],
  ['binary: NaN', () => classificationRows({ truth: [0, 1], scores: [0.5, nan], positive: 1 }), 'not-a-probability', 2, 'score'],
  [
    'binary: unknown label',
    () => classificationRows({ truth: ['a', 'c'], predicted: ['a', 'b'], classes: ['a', 'b'] }),
    'unknown-label',
    2,
    'truth',
  ],
  [
    'binary: half a surrogate pair is no known label',
    () => classificationRows({ truth: ['a'], predicted: ['\ud800'], classes: ['a'] }),
    'unknown-label',
    1,
    'predicted',
  ],
  ['binary: missing label', () => classificationRows({ truth: [1, nan], predicted: [1, 0], classes: [0, 1] }), 'missing-label', 2, 'truth'],
  [
    'binary: infinite weight',
    () => classificationRows({ truth: [0, 1], predicted: [0, 1], weights: [1, infinity] }),
    'non-finite',
    2,
    'weights',
  ],
  [
    'multiclass: rows that do not sum to 1',
    () =>
      classificationRows({
        truth: [0, 1],
        probabilities: [
          [0.5, 0.5],
          [0.5, 0.4],
        ],
      }),
    'probabilities-off',
    2,
  ],
  [
    'multiclass: a column too few',
    () =>
      classificationRows({
        truth: [0, 1, 2],
        probabilities: [
          [1, 0, 0],
          [0, 1, 0],
        ],
        classes: [0, 1, 2],
      }),
    'wrong-classes',
  ],
  [
    'multiclass: NaN',
    () =>
      classificationRows({
        truth: [0, 1],
        probabilities: [
          [1, nan],
          [0, 1],
        ],
      }),
    'not-a-probability',
    2,
    'p(0)',
  ],
  ['multilabel: wrong lengths', () => multilabelRows({ truth: [['a']], predicted: [] }), 'wrong-length'],
  [
    'multilabel: unknown label',
    () => multilabelRows({ truth: [['a'], []], predicted: [['a'], ['b']], labels: ['a'] }),
    'unknown-label',
    2,
    'predicted',
  ],
  ['regression: wrong lengths', () => regressionRows({ truth: [1, 2], predicted: [1] }), 'wrong-length', undefined, 'predicted'],
  ['regression: NaN', () => regressionRows({ truth: [1, 2], predicted: [1, nan] }), 'non-finite', 2, 'predicted'],
  ['regression: infinity', () => regressionRows({ truth: [-infinity], predicted: [1] }), 'non-finite', 1, 'truth'],
  [
    'regression: text with a decimal comma',
    () => regressionRows({ truth: ['1,5'] as unknown as number[], predicted: [1] }),
    'non-finite',
    1,
    'truth',
  ],
  ['regression: crossed bounds', () => regressionRows({ truth: [1], predicted: [1], lower: [2], upper: [1] }), 'bounds-crossed', 1],
  ['forecast: NaN horizon', () => forecastRows({ truth: [1], predicted: [1], horizons: [nan] }), 'non-finite', 1, 'horizon'],
  ['ranking: wrong lengths', () => ranked([1, 0], [1], ['d1', 'd2']), 'wrong-length'],
  ['ranking: NaN score', () => ranked([1, 0], [0.5, nan]), 'non-finite', 2],
  ['ranking: NaN level', () => ranked([nan, 0], [0.5, 1]), 'non-finite', 1],
  ['ranking: a document twice', () => ranked([1, 0], [1, 2], ['d', 'd']), 'duplicate-document', 2],
  ['embedding: wrong lengths', () => embedded([1, 0, 1], [1, 0, 0, 1], [0, 1]), 'wrong-length'],
  ['embedding: NaN', () => embedded([1, 0, nan, 1], [1, 0, 0, 1], [0, 1]), 'non-finite', 2],
  ['embedding: unknown partner', () => embedded([1, 0, 0, 1], [1, 0, 0, 1], [0, 2]), 'unknown-partner', 2],
  ['text: wrong lengths', () => textRows({ hypotheses: ['a'], references: [] }), 'wrong-length'],
  ['text: no reference', () => textRows({ hypotheses: ['a', 'b'], references: [['a'], []] }), 'no-reference', 2],
  ['ner: wrong lengths', () => entityRows({ truth: [['O']], predicted: [] }), 'wrong-length'],
  ['ner: wrong lengths of a sentence', () => entityRows({ truth: [['O'], ['O', 'O']], predicted: [['O'], ['O']] }), 'wrong-length'],
  ['ner: unknown prefix', () => entityRows({ truth: [['B-A', 'I-A']], predicted: [['X-A', 'O']], scheme: 'IOB2' }), 'unknown-prefix'],
  ['anomaly: wrong lengths', () => anomalyRows({ truth: [0, 1], scores: [1] }), 'wrong-length', undefined, 'score'],
  ['anomaly: unknown label', () => anomalyRows({ truth: [0, 2], scores: [1, 2] }), 'unknown-label', 2, 'truth'],
  ['anomaly: NaN', () => anomalyRows({ truth: [0, 1], scores: [1, nan] }), 'non-finite', 2, 'score'],
];

for (const [what, make, code, row, column] of REFUSED)
  test(`refused with its place: ${what}`, async () => {
    await assert.rejects(
      async () => make(),
      (error) => {
        assert.ok(error instanceof BadInput, String(error));
        assert.deepEqual([error.code, error.place.row, error.place.column], [code, row, column], error.message);
        return true;
      },
    );
  });

const binary = (truth: number[], scores: number[], weights?: number[]): Rows =>
  classificationRows({ truth, scores, classes: [0, 1], positive: 1, weights });
const numbers = (truth: number[], predicted: number[]) => ({ truth, predicted, lower: predicted, upper: predicted });
const sql = (...pairs: [string, string][]): Rows => scoreTextToSql(pairs.map(([expected, predicted]) => ({ expected, predicted })));

/** Rows of every task that are legal and hard: none, one, all alike, one class, the ends of the range of doubles. */
const HARD: Readonly<Record<Task, readonly Rows[]>> = {
  binary: [
    binary([], []),
    binary([1], [0.5]),
    binary([0, 0, 0], [0.1, 0.1, 0.1]),
    binary([1, 1], [0, 1]),
    binary([0, 1], [0, 0]),
    binary([0, 1, 1], [1, 1e-300, 5e-324]),
    binary([0, 1, 1], [0.2, 0.4, 0.6], [0, 0, 1e300]),
    binary([0, 1, 0, 1], [0.2, 0.9, 0.1, 0.8]),
  ],
  multiclass: [
    classificationRows({ truth: [], predicted: [] }),
    classificationRows({ truth: ['a'], predicted: ['a'] }),
    classificationRows({ truth: ['a', 'a'], predicted: ['b', 'b'], classes: ['a', 'b', 'c'] }),
    classificationRows({
      truth: [0, 0],
      probabilities: [
        [1, 0.5],
        [0, 0.5],
        [0, 0],
      ],
      classes: [0, 1, 2],
    }),
    classificationRows({
      truth: [0, 1, 2],
      probabilities: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    }),
  ],
  multilabel: [
    multilabelRows({ truth: [], predicted: [] }),
    multilabelRows({ truth: [[]], predicted: [[]], labels: ['a'] }),
    multilabelRows({ truth: [[], []], predicted: [[], []] }),
    multilabelRows({ truth: [['a'], []], predicted: [[], ['b']] }),
  ],
  regression: [
    regressionRows(numbers([], [])),
    regressionRows(numbers([3], [3])),
    regressionRows(numbers([3, 3], [3, 3])),
    regressionRows(numbers([0, 0], [0, 0])),
    regressionRows(numbers([1e300, 2e300, 1e300], [1e300, 1e300, 3e300])),
    regressionRows(numbers([1e-300, 2e-300, 1e-300], [1e-300, 1e-300, 3e-300])),
    regressionRows(numbers([5e-324, 1, Number.MAX_VALUE], [1, Number.MAX_VALUE, 5e-324])),
    regressionRows({ ...numbers([1, 2], [2, 1]), weights: [0, 1] }),
  ],
  forecast: [
    forecastRows({ ...numbers([], []), train: [] }),
    forecastRows({ ...numbers([1], [2]), train: [1] }),
    forecastRows({ ...numbers([1, 2], [2, 2]), train: [3, 3, 3] }),
    forecastRows({ ...numbers([1, 2], [2, 2]), train: [Number.MAX_VALUE, -Number.MAX_VALUE] }),
    forecastRows({ ...numbers([1e300, 1], [-1e300, 1]), train: [1, 1 + Number.EPSILON] }),
  ],
  ranking: [
    rankingRows({ judgements: { query: [], document: [], level: [] }, results: { query: [], document: [], score: [] } }),
    ranked([0, 0], [1, 2]),
    rankingRows({ judgements: { query: ['q'], document: ['d'], level: [1] }, results: { query: [], document: [], score: [] } }),
    ranked([1, 1], [1e300, 1e300]),
  ],
  embedding: [
    await embedded([], [1, 0, 0, 1], []),
    await embedded([0, 0], [1, 0, 0, 1], [0]),
    await embedded([1e300, 1e300, 1e-300, 0], [1, 1, 1, 0], [0, 1]),
  ],
  text: [
    textRows({ hypotheses: [], references: [] }),
    textRows({ hypotheses: [''], references: [['']] }),
    textRows({ hypotheses: ['', 'a'], references: [['a'], ['']] }),
    textRows({ hypotheses: ['\ud800', 'a\0b'], references: [['\udc00'], ['a\0b']] }),
  ],
  ner: [
    entityRows({ truth: [], predicted: [] }),
    entityRows({ truth: [[]], predicted: [[]] }),
    entityRows({ truth: [['O', 'O']], predicted: [['O', 'O']] }),
    entityRows({ truth: [['B-A', 'I-A']], predicted: [['O', 'O']] }),
  ],
  anomaly: [
    anomalyRows({ truth: [], scores: [] }),
    anomalyRows({ truth: [0, 0], scores: [-1e300, 1e300], threshold: 0 }),
    anomalyRows({ truth: [1, 1], scores: [0, 0] }),
    anomalyRows({ truth: [0, 1, 1], scores: [5e-324, 0, -5e-324], threshold: 0 }),
  ],
  'text-to-sql': [sql(), sql(['', '']), sql(['select 1', ''], ['', 'select 1']), sql(["select '\ud800'", "select '\udc00'"])],
};
const CODES = ['empty', 'one-class', 'zero-denominator', 'constant', 'too-few', 'non-finite'];
const options = { replicates: 50, seed: 7n };

function sound(estimate: Estimate, what: string): void {
  if (!('value' in estimate)) {
    assert.ok(CODES.includes(estimate.notComputable), `${what}: ${estimate.notComputable}`);
    return;
  }
  assert.ok(Number.isFinite(estimate.value), `${what}: ${estimate.value}`);
  const { interval } = estimate;
  if (interval === undefined) return;
  assert.ok(Number.isFinite(interval.low) && Number.isFinite(interval.high), `${what}: ${interval.low} to ${interval.high}`);
  assert.ok(interval.low <= estimate.value && estimate.value <= interval.high, `${what}: ${estimate.value} in ${JSON.stringify(interval)}`);
}

for (const [task, hard] of Object.entries(HARD))
  test(`every metric of ${task} has a finite figure or a code on hard rows, never NaN`, async () => {
    for (const [at, rows] of hard.entries()) {
      for (const metric of allMetrics(task as Task)) {
        if (!metric.applies(rows)) continue;
        const what = `${metric.name} of rows ${at}`;
        try {
          const value = metric.value(rows);
          sound(value, what);
          if (rows.n === 0) assert.deepEqual(value, { notComputable: 'empty', n: 0 }, what);
          sound(await metric.estimate(rows, options), what);
          if (metric.compare === undefined) continue;
          const difference = await metric.compare(rows, rows, options);
          if (isDifference(difference))
            assert.ok(difference.difference === 0 && difference.interval.low <= 0 && Number.isFinite(difference.interval.high), what);
          else assert.ok(CODES.includes(difference.notComputable), what);
        } catch (error) {
          // Logarithms and deviances refuse values outside their domain, with the row.
          assert.ok(error instanceof BadInput && error.place.row !== undefined, `${what}: ${error}`);
        }
      }
    }
  });
