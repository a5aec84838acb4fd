import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  classificationRows,
  countGroups,
  crossSlices,
  DEFAULT_AGE_EDGES,
  estimateSlices,
  FAIRNESS_MEASURES,
  findMetric,
  type GroupCounts,
  meetsFourFifths,
  mergeGroups,
  positionsByGroup,
  RATES,
  type Rate,
  rateOf,
  rateRatio,
  referenceGroup,
  sliceByEdges,
  sliceByValue,
} from '../../src/metrics/index.ts';
import { close, golden } from './close.ts';

const reference = golden('fairness') as {
  cases: {
    name: string;
    g: number[];
    y: number[];
    p: number[];
    expected: Record<string, number> & { groups: Record<string, Record<string, number>> };
  }[];
};
const EVERY = { minimums: { group: 1, denominator: 1 } };
const figure = (name: string, groups: readonly GroupCounts[]): number => {
  const { estimate } = FAIRNESS_MEASURES[name]!(groups, EVERY);
  return 'value' in estimate ? estimate.value : Number.NaN;
};

const rowsG = classificationRows({
  truth: [1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0],
  predicted: [1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0],
  positive: 1,
});
const G = countGroups(rowsG, sliceByValue('group', [...'AAAAAABBBBB']));

test('worked example G: rates of both groups and their gaps', () => {
  assert.deepEqual(G, [
    { group: 'A', n: 6, tn: 2, fp: 1, fn: 1, tp: 2 },
    { group: 'B', n: 5, tn: 3, fp: 0, fn: 1, tp: 1 },
  ]);
  close(figure('demographic_parity_difference', G), 0.3);
  close(figure('disparate_impact', G), 0.4);
  close(figure('equalized_odds_difference', G), 1 / 3);
  close(figure('equalized_odds_ratio', G), 0);
  close(figure('equal_opportunity_difference', G), 1 / 6);
  close(figure('equal_opportunity_ratio', G), 0.75);
});

test('the same counts whichever class is positive by code', () => {
  const other = classificationRows({ truth: [...'baabaaa'], predicted: [...'bbaaaaa'], positive: 'a' });
  assert.deepEqual(countGroups(other, sliceByValue('g', [1, 1, 1, 1, 1, 1, 1])), [{ group: '1', n: 7, tn: 1, fp: 1, fn: 1, tp: 4 }]);
});

test('a group without rows of a class is too few for that rate, never a silent 0', () => {
  const three = [...G, { group: 'C', n: 2, tn: 1, fp: 1, fn: 0, tp: 0 }];
  const found = FAIRNESS_MEASURES.equal_opportunity_difference!(three, EVERY);
  assert.deepEqual(found.leftOut, ['C']);
  assert.equal(found.used, 2);
  close('value' in found.estimate ? found.estimate.value : Number.NaN, 1 / 6);
});

test('groups below the least rows are shown and left out; one group left is not computable', () => {
  const found = FAIRNESS_MEASURES.disparate_impact!(G);
  assert.deepEqual(found.estimate, { notComputable: 'too-few', n: 0 });
  assert.deepEqual(found.leftOut, ['A', 'B']);
  assert.deepEqual(rateOf(G[0]!, 'selection_rate'), { notComputable: 'too-few', n: 6 });
  const large = { group: 'L', n: 40, tn: 15, fp: 5, fn: 5, tp: 15 };
  const found2 = rateOf(large, 'selection_rate');
  assert.deepEqual(rateOf({ ...large, tn: 31, fp: 0, fn: 4, tp: 5 }, 'true_positive_rate'), { notComputable: 'too-few', n: 9 });
  assert.ok('value' in found2 && found2.value === 0.5 && found2.interval?.method === 'wilson');
});

test('a measure leaves out groups whose rate rests on too few rows, however large they are', () => {
  const full = (group: string, tp: number): GroupCounts => ({ group, n: 60, tn: 30, fp: 0, fn: 30 - tp, tp });
  const few = { group: 'few', n: 60, tn: 51, fp: 0, fn: 9, tp: 0 };
  const found = FAIRNESS_MEASURES.equal_opportunity_difference!([full('a', 20), full('b', 17), few]);
  assert.deepEqual(found.leftOut, ['few']);
  close('value' in found.estimate ? found.estimate.value : Number.NaN, 0.1);
});

test('ratios of rates that are all 0 are 1 with a note; 0 over positive is 0', () => {
  const none = (group: string): GroupCounts => ({ group, n: 50, tn: 25, fp: 0, fn: 25, tp: 0 });
  const found = rateRatio('x', [none('a'), none('b')], 'selection_rate');
  assert.deepEqual(found.estimate, { value: 1, n: 100 });
  assert.match(found.note ?? '', /0 in every group/);
  const some = { group: 'c', n: 50, tn: 20, fp: 5, fn: 15, tp: 10 };
  assert.deepEqual(rateRatio('x', [none('a'), some], 'selection_rate').estimate, { value: 0, n: 100 });
});

test('a measure has an interval that holds its value, wider with more pairs', () => {
  const make = (group: string, k: number): GroupCounts => ({ group, n: 200, tp: k, fp: 0, fn: 100, tn: 100 - k });
  const two = FAIRNESS_MEASURES.demographic_parity_difference!([make('a', 40), make('b', 60)]).estimate;
  const three = FAIRNESS_MEASURES.demographic_parity_difference!([make('a', 40), make('c', 50), make('b', 60)]).estimate;
  assert.ok('value' in two && 'value' in three && two.interval !== undefined && three.interval !== undefined);
  assert.ok(two.interval.low <= two.value && two.value <= two.interval.high);
  assert.ok(three.interval.high > two.interval.high);
  close(two.interval.low, 0.0150634425597, 'Newcombe 60/200 - 40/200', 1e-11);
});

test('the four-fifths rule is exact where doubles are not', () => {
  assert.equal(meetsFourFifths({ k: 4, n: 10 }, { k: 5, n: 10 }), true);
  assert.equal(meetsFourFifths({ k: 399, n: 1000 }, { k: 5, n: 10 }), false);
});

for (const { name, g, y, p, expected } of reference.cases) {
  test(`rates and gaps equal Fairlearn: ${name}`, () => {
    const rows = classificationRows({ truth: y, predicted: p, positive: 1 });
    const groups = countGroups(rows, sliceByValue('g', g));
    for (const counts of groups) {
      for (const rate of Object.keys(expected.groups[counts.group]!)) {
        const { k, n } = RATES[rate as Rate](counts);
        close(k / n, expected.groups[counts.group]![rate]!, `${counts.group} ${rate}`);
      }
    }
    for (const measure of Object.keys(FAIRNESS_MEASURES))
      if (expected[measure] !== undefined) close(figure(measure, groups), expected[measure], measure);
  });
}

test('counts of parts merge to the counts of the whole', () => {
  const half = (from: number, to: number): GroupCounts[] => {
    const at = Uint32Array.from({ length: to - from }, (_, i) => from + i);
    return countGroups(rowsG.take(at), sliceByValue('group', [...'AAAAAABBBBB'].slice(from, to)));
  };
  assert.deepEqual(mergeGroups(half(0, 4), half(4, 11)), G);
  assert.equal(referenceGroup(G)?.group, 'A');
});

test('numeric slices are left closed and named by their bands', () => {
  const bands = sliceByEdges('age', [24, 25, 34, 64.9, 65, Number.NaN], DEFAULT_AGE_EDGES, { wholeNumbers: true });
  assert.deepEqual(bands.groups, ['<25', '25–34', '35–44', '45–54', '55–64', '65+']);
  assert.deepEqual([...bands.codes], [0, 1, 1, 4, 5, -1]);
  assert.deepEqual(sliceByEdges('x', [1.5], [1, 2]).groups, ['<1', '1–2', '≥2']);
  assert.throws(() => sliceByEdges('x', [1], [2, 2]), /edges of x should rise/);
});

test('two slicings cross, with missing values a group of their own', () => {
  const crossed = crossSlices(sliceByValue('sex', ['f', 'm', 'f']), sliceByEdges('age', [20, 30, Number.NaN], [25]));
  assert.equal(crossed.name, 'sex & age');
  assert.deepEqual(
    positionsByGroup(crossed).map(({ group, positions }) => [group, [...positions]]),
    [
      ['f & (missing)', [2]],
      ['f & <25', [0]],
      ['m & ≥25', [1]],
    ],
  );
});

test('a metric is estimated on every group, small ones are too few', async () => {
  const found = await estimateSlices(findMetric('binary', 'accuracy'), rowsG, sliceByValue('group', [...'AAAAAABBBBB']), { minimum: 6 });
  assert.equal(found.length, 2);
  assert.ok('value' in found[0]!.estimate && found[0]!.estimate.value === 4 / 6 && found[0]!.estimate.interval?.method === 'wilson');
  assert.deepEqual(found[1], { slice: 'group', group: 'B', rows: 5, estimate: { notComputable: 'too-few', n: 5 } });
});
