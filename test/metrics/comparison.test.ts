import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClassificationRows,
  classificationRows,
  compareMetric,
  compareModels,
  findMetric,
  isDifference,
  joinByKey,
  regressionRows,
  tuneThreshold,
} from '../../src/metrics/index.ts';
import { Random } from '../../src/statistics/random.ts';
import { close } from './close.ts';

const accuracy = findMetric('binary', 'accuracy');

/** Binary rows right on `right` rows in turn: cells both, only candidate, only champion, neither. */
function pair(both: number, b: number, c: number, neither: number): [ClassificationRows, ClassificationRows] {
  const n = both + b + c + neither;
  const truth = Array.from({ length: n }, (_, i) => i % 2);
  const answer = (right: (i: number) => boolean): number[] => truth.map((y, i) => (right(i) ? y : 1 - y));
  const make = (predicted: number[]): ClassificationRows => classificationRows({ truth, predicted, positive: 1, classes: [0, 1] });
  return [make(answer((i) => i < both + b)), make(answer((i) => i < both || (i >= both + b && i < both + b + c)))];
}

test('accuracy: Wald on the discordant rows, with the smallest visible difference', async () => {
  const [candidate, champion] = pair(50, 9, 3, 38);
  const found = await compareMetric(accuracy, 0, candidate, champion);
  assert.ok(!('notComputable' in found));
  close(found.difference, 0.06);
  close(found.interval?.low, -0.00686896191274, '', 1e-11);
  close(found.interval?.high, 0.126868961913, '', 1e-11);
  assert.deepEqual(found.discordant, { candidateOnly: 9, championOnly: 3 });
  assert.equal(found.verdict, 'not-better');
  const [a, b] = pair(880, 120, 120, 880);
  const tie = await compareMetric(accuracy, 0, a, b);
  close('smallestVisible' in tie ? tie.smallestVisible : 0, 0.0217009857855, '', 1e-11);
});

test('why a candidate is not better is said in as many digits as the interval makes sense of', async () => {
  const said = async (cells: readonly [number, number, number, number], margin = 0) => {
    const [candidate, champion] = pair(...cells);
    return (await compareModels({ primary: accuracy, margin, candidate, champion })).reason?.text;
  };
  assert.equal(
    await said([50, 9, 3, 38]),
    'accuracy: the difference +0.060 [−0.007, +0.127] (95 %) is not wholly above 0. The smallest difference these rows would have shown is 0.097.',
  );
  assert.match(
    (await said([50, 3, 9, 38], 0.02)) ?? '',
    /^accuracy: the difference −0\.060 \[−0\.127, \+0\.007\] \(95 %\) reaches below −0\.02\. /,
  );
  // A bound next to 0 keeps its sign.
  assert.match((await said([9000, 230, 200, 570])) ?? '', /\[−0\.0011, \+0\.0071\]/);
});

test('four discordant rows all for the candidate are no proof; 20 against 4 are', async () => {
  const few = await compareModels({ primary: accuracy, candidate: pair(60, 4, 0, 36)[0], champion: pair(60, 4, 0, 36)[1] });
  assert.ok(few.primary!.interval!.low > 0, 'Wald alone would promote');
  assert.equal(few.verdict, 'not-better');
  assert.match(
    few.reason!.text,
    /\[\+0\.00\d+, \+0\.\d+\] \(95 %\) rests on the 4 rows on which the two differ, too few for it: the exact test gives p = 0\.125\. /,
  );
  const guarded = await compareModels({
    primary: accuracy,
    margin: 0.1,
    guards: [{ metric: accuracy, margin: 0.01 }],
    candidate: pair(15, 0, 0, 5)[0],
    champion: pair(15, 0, 0, 5)[1],
  });
  assert.match(guarded.reason!.text, /rests on the 0 rows .*: Newcombe's bound is −0\.\d+/);
  const [candidate, champion] = pair(60, 20, 4, 16);
  const many = await compareModels({ primary: accuracy, candidate, champion });
  assert.equal(many.verdict, 'better');
  assert.equal(many.reason, undefined);
});

test('few discordant rows guard smooth figures of labels as well', async () => {
  const [candidate, champion] = pair(60, 4, 0, 36);
  const found = await compareModels({ primary: findMetric('binary', 'f1_score'), candidate, champion, seed: 1n });
  assert.equal(found.verdict, 'not-better');
});

test('a difference without spread on four rows is no proof, on thirty it is', async () => {
  const compared = async (n: number, primary: string) => {
    const truth = Array.from({ length: n }, (_, i) => i % 2);
    const rows = (scores: number[]): ClassificationRows => classificationRows({ truth, scores, positive: 1, classes: [0, 1] });
    const [perfect, constant] = [rows(truth.map((y) => 0.2 + y / 2)), rows(truth.map(() => 0.5))];
    return compareModels({ primary: findMetric('binary', primary), candidate: perfect, champion: constant, seed: 1n, replicates: 200 });
  };
  const few = await compared(4, 'auc_roc');
  assert.ok(few.primary!.interval!.low > 0, 'the interval alone would promote');
  assert.equal(few.verdict, 'not-better');
  assert.equal((await compared(30, 'auc_roc')).verdict, 'better');
});

test('without discordant rows "not worse" asks Newcombe, not a width of zero', async () => {
  const [candidate, champion] = pair(15, 0, 0, 5);
  const margin = 0.01;
  const found = await compareMetric(accuracy, margin, candidate, champion, {}, true);
  assert.equal(found.verdict, 'not-better');
  const [big, same] = pair(15_000, 0, 0, 5_000);
  assert.equal((await compareMetric(accuracy, margin, big, same, {}, true)).verdict, 'not-worse');
});

test('a guard that may be much worse holds the candidate back, a guard within its margin does not', async () => {
  const [candidate, champion] = pair(500, 90, 30, 380);
  const guards = (margin: number) => [{ metric: findMetric('binary', 'recall'), margin }];
  assert.equal((await compareModels({ primary: accuracy, candidate, champion, guards: guards(0.05) })).verdict, 'better');
  const worse = classificationRows({
    truth: [...candidate.truth].map((code) => code),
    predicted: [...candidate.truth].map((code, i) => (code === 1 && i % 4 < 2 ? 0 : code)),
    positive: 1,
    classes: [0, 1],
  });
  const found = await compareModels({ primary: findMetric('binary', 'specificity'), candidate: worse, champion, guards: guards(0.01) });
  assert.equal(found.verdict, 'not-better');
  assert.equal(found.reason?.code, 'guard');
  assert.match(found.reason?.text ?? '', /recall: the difference .* worse by more than 0\.01/);
});

test('AUC: DeLong of the worked example', async () => {
  const truth = [1, 0, 1, 1, 0, 0, 1, 0];
  const rows = (scores: number[]): ClassificationRows => classificationRows({ truth, scores, positive: 1 });
  const metric = findMetric('binary', 'auc_roc');
  const found = await metric.compare!(rows([0.9, 0.8, 0.8, 0.7, 0.6, 0.4, 0.4, 0.1]), rows([0.8, 0.5, 0.7, 0.6, 0.65, 0.3, 0.55, 0.2]));
  assert.ok(isDifference(found));
  close(found.difference, -0.125);
  close(found.p, 0.540291374607, '', 1e-11);
  close(found.interval.high, -0.125 + 0.40007597303, '', 1e-11);
});

test('errors are compared turned around: a smaller error is a positive difference', async () => {
  const random = Random.of(5, 6);
  const truth = Array.from({ length: 400 }, () => random.normal());
  const noisy = (noise: number): number[] => truth.map((y) => y + noise * random.normal());
  const good = regressionRows({ truth, predicted: noisy(0.5) });
  const bad = regressionRows({ truth, predicted: noisy(1) });
  for (const name of ['rmse', 'mae', 'r2', 'mse', 'wape']) {
    const metric = findMetric('regression', name);
    const found = await compareModels({ primary: metric, candidate: good, champion: bad, seed: 'c0ffee' });
    assert.equal(found.verdict, 'better', name);
    assert.ok(found.primary!.difference > 0);
    const turned = await compareModels({ primary: metric, candidate: bad, champion: good, seed: 'c0ffee' });
    assert.equal(turned.verdict, 'not-better', name);
    assert.equal(turned.reason?.code, 'worse', name);
  }
});

test('the same seed gives the same interval, another seed another one', async () => {
  const [candidate, champion] = pair(100, 40, 30, 30);
  const f1 = findMetric('binary', 'f1_score');
  const low = async (seed: bigint): Promise<number> =>
    (await compareModels({ primary: f1, candidate, champion, seed })).primary!.interval!.low;
  assert.equal(await low(7n), await low(7n));
  assert.notEqual(await low(7n), await low(8n));
});

test('a figure that one side lacks is incomparable with its code', async () => {
  const make = (predicted: number[]): ClassificationRows =>
    classificationRows({ truth: [1, 0, 1], predicted, positive: 1, classes: [0, 1] });
  const found = await compareModels({ primary: findMetric('binary', 'precision'), candidate: make([1, 1, 1]), champion: make([0, 0, 0]) });
  assert.equal(found.verdict, 'incomparable');
  assert.equal(found.reason?.code, 'zero-denominator');
  assert.equal(found.missing[0]?.metric, 'precision');
  const none = classificationRows({ truth: [], predicted: [], positive: 1, classes: [0, 1] });
  const empty = await compareModels({ primary: accuracy, candidate: none, champion: none, leftOut: 12 });
  assert.equal(empty.reason?.code, 'no-rows');
  assert.match(empty.reason?.text ?? '', /All 12 rows were left out/);
});

test('rows of other lengths or truths are a programmer error, not a silent join', async () => {
  const [candidate, champion] = pair(10, 1, 1, 2);
  await assert.rejects(accuracy.compare!(candidate, champion.take(Uint32Array.of(0, 1))), RangeError);
  await assert.rejects(accuracy.compare!(candidate, champion.take(Uint32Array.from({ length: 14 }, (_, i) => 13 - i))), /another truth/);
});

test('joining by key: order is free, left-out rows are counted', () => {
  const joined = joinByKey({ keys: ['a', 'b', 'c'], truth: [1, 0, 1] }, { keys: ['c', 'a', 'b'], truth: [1, 1, 0] }, (key) => key === 'b');
  assert.ok('candidate' in joined);
  assert.deepEqual([...joined.candidate], [0, 2]);
  assert.deepEqual([...joined.champion], [1, 0]);
  assert.equal(joined.leftOut, 1);
});

test('joining by key refuses missing and doubled keys and another target, with counts', () => {
  const found = joinByKey({ keys: ['a', 'b', 'b', 'd'], truth: [1, 0, 0, 1] }, { keys: ['a', 'b', 'x', 'y'], truth: [0, 0, 1, 1] });
  assert.ok('incomparable' in found);
  assert.deepEqual(found.counts, { onlyCandidate: 1, onlyChampion: 2, duplicates: 1, otherTruth: 1 });
  assert.equal(found.incomparable.code, 'duplicate-keys');
  assert.match(
    found.incomparable.text,
    /1 keys only the candidate has, 2 keys only the champion has, 1 keys more than once, 1 keys with another target/,
  );
  const target = joinByKey({ keys: ['a'], truth: ['yes'] }, { keys: ['a'], truth: ['no'] });
  assert.ok('incomparable' in target && target.incomparable.code === 'other-target');
});

test('a threshold is tuned to the first maximum from the top', () => {
  const B = classificationRows({ truth: [1, 0, 1, 1, 0, 0, 1, 0], scores: [0.9, 0.8, 0.8, 0.7, 0.6, 0.4, 0.4, 0.1], positive: 1 });
  assert.deepEqual(tuneThreshold(B, 'youden'), { threshold: 0.7, aim: 'youden', reached: 0.5, n: 8 });
  assert.deepEqual(tuneThreshold(B, 'f1'), { threshold: 0.7, aim: 'f1', reached: 0.75, n: 8 });
  const tied = classificationRows({ truth: [1, 0, 1, 0], scores: [0.9, 0.8, 0.7, 0.6], positive: 1 });
  assert.equal(tuneThreshold(tied, 'youden')?.threshold, 0.9);
  assert.equal(tuneThreshold(classificationRows({ truth: [1, 1], scores: [0.2, 0.3], classes: [0, 1], positive: 1 }), 'f1'), undefined);
});
