import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsChart } from '../../src/report/charts/bars.ts';
import { ganttChart } from '../../src/report/charts/gantt.ts';
import { intervalMark } from '../../src/report/charts/interval.ts';
import { linesChart } from '../../src/report/charts/lines.ts';
import { linearScale, tickText } from '../../src/report/charts/scale.ts';
import { marksFor } from '../../src/report/marks.ts';

test('scale: ends map to ends, ticks are round and inside', () => {
  const scale = linearScale({ low: 0, high: 1, from: 50, to: 150 });
  assert.deepEqual([scale.at(0), scale.at(0.25), scale.at(1)], [50, 75, 150]);
  assert.deepEqual(scale.ticks, [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(linearScale({ low: 0.811, high: 0.849, from: 0, to: 1 }).ticks, [0.82, 0.83, 0.84]);
  assert.deepEqual(linearScale({ low: -3, high: 12_000, from: 0, to: 1 }).ticks, [0, 5_000, 10_000]);
  assert.deepEqual(linearScale({ low: 5, high: 5, from: 0, to: 10 }).at(5), 5);
});

test('ticks are as short as can be told', () => {
  assert.deepEqual([0, 0.2, -1.5, 5_000, 2e7, 0.00002].map(tickText), ['0', '0.2', '−1.5', '5000', '2e7', '2e-5']);
});

test('interval: dot and whiskers stand where the axis says', () => {
  const drawn = intervalMark({ value: 0.5, low: 0.25, high: 0.75, reference: 0, from: 0, to: 1 });
  assert.match(drawn, /<circle class="dot" cx="60" /);
  assert.match(drawn, /class="range" x1="32" x2="88"/);
  assert.match(drawn, /class="reference" x1="4" x2="4"/);
});

test('marks: one axis for a column, none where figures cannot be compared by eye', () => {
  const marks = marksFor([{ value: 0.5, low: 0.4, high: 0.6 }, { value: 0.8, low: 0.7, high: 0.9 }, {}]);
  assert.equal(marks[0]?.from, marks[1]?.from);
  assert.ok(marks[0] && marks[0].from < 0.4 && marks[0].to > 0.9);
  assert.equal(marks[2], undefined);
  assert.deepEqual(marksFor([{ value: 0.5 }, { value: 0.8 }]), [undefined, undefined]);
  assert.deepEqual(
    marksFor([
      { value: 0.5, low: 0.4, high: 0.6 },
      { value: 1_200, low: 1_100, high: 1_300 },
    ]),
    [undefined, undefined],
  );
});

test('lines: curves run through their points, in the unit square where they belong', () => {
  const drawn = linesChart({
    kind: 'lines',
    title: 'ROC',
    x: 'FPR',
    y: 'TPR',
    unit: true,
    diagonal: 'by chance',
    series: [{ name: 'candidate', x: [0, 0.5, 1], y: [0, 0.5, 1] }],
  });
  assert.match(drawn, /class="line s0" d="M52\.0 258\.0L231\.0 135\.0L410\.0 12\.0"/);
  assert.match(drawn, /class="reference" x1="52" y1="258" x2="410" y2="12"/);
  assert.match(drawn, /aria-label="ROC\. TPR against FPR: candidate"/);
});

test('bars and gantt: lengths follow the figures', () => {
  const bars = barsChart({
    kind: 'bars',
    title: 'PSI',
    unit: 'psi',
    limit: 0.1,
    bars: [
      { name: 'a', value: 0.2, tone: 'unsure' },
      { name: 'b', value: 0.1 },
    ],
  });
  assert.match(bars, /class="bar unsure" x="170" y="12" width="280"/);
  assert.match(bars, /class="bar" x="170" y="34" width="140"/);
  assert.match(bars, /class="reference" x1="310"/);
  const gantt = ganttChart({
    kind: 'gantt',
    title: 'Times',
    spans: [
      { name: 'gate', from: 0, seconds: 5 },
      { name: 'train', from: 5, seconds: 5, tone: 'bad' },
    ],
  });
  assert.match(gantt, /class="bar" x="130" y="10" width="215"/);
  assert.match(gantt, /class="bar bad" x="345" y="32" width="215"/);
});

test('charts: no data, one point, equal values and values that are no numbers give no broken picture', () => {
  const series = [
    [[], []],
    [[1], [2]],
    [
      [1, 2],
      [5, 5],
    ],
    [
      [0, Number.NaN, 2],
      [1, 2, Number.POSITIVE_INFINITY],
    ],
    [[1, 2, 3], [4]],
    [
      [1e308, -1e308],
      [1e308, -1e308],
    ],
  ] as const;
  for (const [x, y] of series) {
    const drawn = linesChart({ kind: 'lines', title: 't', x: 'x', y: 'y', series: [{ name: 's', x: [...x], y: [...y] }] });
    assert.doesNotMatch(drawn, /NaN|Infinity/);
  }
  assert.equal(linesChart({ kind: 'lines', title: 't', x: 'x', y: 'y', series: [] }), '');
  assert.equal(barsChart({ kind: 'bars', title: 't', unit: 'u', bars: [] }), '');
  assert.doesNotMatch(
    barsChart({
      kind: 'bars',
      title: 't',
      unit: 'u',
      bars: [
        { name: 'a', value: 0 },
        { name: 'b', value: Number.NaN },
        { name: 'c', value: -2 },
      ],
    }),
    /NaN x|="NaN|Infinity/,
  );
  assert.equal(ganttChart({ kind: 'gantt', title: 't', spans: [] }), '');
  assert.doesNotMatch(ganttChart({ kind: 'gantt', title: 't', spans: [{ name: 'a', from: 0, seconds: 0 }] }), /NaN|Infinity/);
});
