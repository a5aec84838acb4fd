import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  acceleration,
  basicInterval,
  bcaInterval,
  biasShare,
  bootstrapCells,
  bootstrapError,
  bootstrapMeans,
  bootstrapP,
  bootstrapRows,
  bootstrapSums,
  inChunks,
  jackknifeCells,
  jackknifeMeans,
  jackknifeRows,
  jackknifeSums,
  percentileInterval,
  sacrebleuBootstrapP,
  sacrebleuHalfWidth,
  sacrebleuRandomisationP,
} from '../../src/statistics/bootstrap.ts';
import { normalQuantile } from '../../src/statistics/special/normal.ts';
import { allClose, close } from './close.ts';

const X = [3, 5, 1, 8, 4];
const ROWS = ['01234', '11334', '20042', '34110', '22440', '33314', '02142', '40311'].map((row) => [...row].map(Number));

test('explicit index rows of the example give its replicates and intervals', () => {
  const replicates = bootstrapMeans(X, { seed: 0, replicates: 8, rows: ROWS });
  allClose(replicates, [4.2, 6, 2.4, 5, 2.6, 6.6, 2.8, 5]);
  const percentile = percentileInterval(replicates);
  allClose([percentile.low, percentile.high], [2.435, 6.495]);
  const basic = basicInterval(4.2, replicates);
  allClose([basic.low, basic.high], [1.905, 5.965]);
  close(bootstrapError(replicates), 1.59977677014, 1e-11);
  assert.equal(biasShare(4.2, replicates), 0.4375);
  close(normalQuantile(0.4375), -0.15731068461, 1e-11);
  close(acceleration(jackknifeMeans(X)), 0.0250828599283, 1e-11);
  const bca = bcaInterval(4.2, replicates, jackknifeMeans(X));
  allClose([bca.low, bca.high], [2.42112104232, 6.42464295943], 1e-11);
  assert.equal(bca.method, 'bca');
});

test('ranges drawn apart, in any order, are pieces of the whole', async () => {
  const values = Array.from({ length: 50 }, (_, i) => Math.sin(i));
  const whole = bootstrapMeans(values, { seed: 7, replicates: 40 });
  const late = bootstrapMeans(values, { seed: 7, replicates: 40, from: 25 });
  const early = bootstrapMeans(values, { seed: 7, replicates: 40, from: 0, to: 25 });
  assert.deepEqual([...early, ...late], [...whole]);
  const shares: number[] = [];
  const chunked = await inChunks(40, (range) => bootstrapMeans(values, { seed: 7, replicates: 40, ...range }), {
    chunk: 15,
    progress: (share) => shares.push(share),
  });
  assert.deepEqual([...chunked], [...whole]);
  assert.deepEqual(shares, [0.375, 0.75, 1]);
});

test('chunks obey the signal', async () => {
  const stop = new AbortController();
  const running = inChunks(100, ({ from, to }) => new Float64Array(to - from), {
    chunk: 10,
    signal: stop.signal,
    progress: (share) => {
      if (share >= 0.3) stop.abort(new Error('enough'));
    },
  });
  await assert.rejects(running, /enough/);
});

test('rows, means, cells and sums are the same bootstrap', () => {
  const codes = Array.from({ length: 200 }, (_, i) => (i * i) % 3);
  const share = (rows: Uint32Array) => rows.reduce((n, row) => n + (codes[row] === 1 ? 1 : 0), 0) / rows.length;
  const settings = { seed: 99n, replicates: 60 };
  const byRows = bootstrapRows(200, share, settings);
  const ones = codes.map((code) => (code === 1 ? 1 : 0));
  assert.deepEqual([...bootstrapMeans(ones, settings)], [...byRows]);
  assert.deepEqual([...bootstrapCells(codes, 3, (counts) => counts[1]! / 200, settings)], [...byRows]);
  assert.deepEqual([...bootstrapSums([ones, codes], (sums, n) => sums[0]! / n, settings)], [...byRows]);
  const a = acceleration(jackknifeRows(200, share));
  close(acceleration(jackknifeMeans(ones)), a, 1e-9);
  close(acceleration(jackknifeSums([ones], (sums, n) => sums[0]! / n)), a, 1e-9);
  const counts = [0, 1, 2].map((code) => codes.filter((c) => c === code).length);
  close(acceleration(jackknifeCells(counts, (c) => c[1]! / (c[0]! + c[1]! + c[2]!))), a, 1e-9);
});

test('BCa falls back to percentiles with a warning', () => {
  const flat = bcaInterval(2, [2, 2, 2], jackknifeMeans([2, 2, 2]));
  assert.deepEqual(flat, { low: 2, high: 2, level: 0.95, method: 'percentile', warning: 'constant' });
  assert.equal(bcaInterval(0, [1, 2, 3], jackknifeMeans([1, 2, 4])).warning, 'estimate-outside-replicates');
});

test('paired bootstrap p counts the smaller side and itself', () => {
  assert.equal(bootstrapP([1, 1, 1, -1]), 0.8);
  assert.equal(bootstrapP([0, 0]), 1);
  assert.equal(bootstrapP(new Float64Array(999).fill(1)), 0.002);
});

test('misuse is refused: no rows, index rows of another length, unknown cells, columns that differ', () => {
  const settings = { seed: 1, replicates: 2 };
  assert.throws(() => bootstrapMeans([], settings), RangeError);
  assert.throws(() => bootstrapMeans([1, 2], { ...settings, rows: [[0]] }), /should hold 2 rows, not 1/);
  assert.throws(() => bootstrapCells([0, 3], 3, () => 0, settings), /below 3/);
  assert.throws(() => bootstrapSums([[1, 2], [1]], () => 0, settings), /same rows, found 2 and 1/);
});

test("sacrebleu's own rules on its replicates", () => {
  const replicates = Array.from({ length: 80 }, (_, i) => i - 10);
  assert.equal(sacrebleuHalfWidth(replicates), (77 - 2) / 2);
  assert.equal(sacrebleuBootstrapP(1, [1, -1, 4, 2]), 2 / 5);
  assert.equal(sacrebleuRandomisationP(1, [1, -1, 4, -2]), 3 / 5);
});
