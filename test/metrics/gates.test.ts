import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, meets, parseThreshold } from '../../src/metrics/index.ts';

test('thresholds are read with their operator, as fractions where in percent', () => {
  assert.deepEqual(parseThreshold('>= 0.85'), { operator: '>=', limit: 0.85, text: '>= 0.85' });
  assert.deepEqual(parseThreshold('< 0.10'), { operator: '<', limit: 0.1, text: '< 0.10' });
  assert.deepEqual(parseThreshold('> 90'), { operator: '>', limit: 90, text: '> 90' });
  assert.deepEqual(parseThreshold('>= 85 %'), { operator: '>=', limit: 0.85, text: '>= 85 %' });
  assert.deepEqual(parseThreshold('≤58.7%'), { operator: '<=', limit: 0.587, text: '≤58.7%' });
  assert.deepEqual(parseThreshold('> 1e-3'), { operator: '>', limit: 0.001, text: '> 1e-3' });
});

test('a bare number takes the direction of its metric', () => {
  assert.deepEqual(parseThreshold(0.8, 'higher'), { operator: '>=', limit: 0.8, text: '>= 0.8' });
  assert.deepEqual(parseThreshold('0.1', 'lower'), { operator: '<=', limit: 0.1, text: '<= 0.1' });
  assert.deepEqual(parseThreshold('85 %', 'higher'), { operator: '>=', limit: 0.85, text: '>= 85 %' });
  assert.throws(() => parseThreshold(0.1, 'none'), /needs an operator/);
});

test('what is no threshold is refused with what was expected', () => {
  for (const written of ['>= abc', '', '==0.5', '0,85', '>= 0.85 0.9', 'NaN', '> Infinity', '0x10', '>= 1e999'])
    assert.throws(
      () => parseThreshold(written, 'higher', 'evaluate.gates.accuracy'),
      /evaluate\.gates\.accuracy should be an operator.*found/,
      written,
    );
});

test('limits hold at the operator', () => {
  assert.deepEqual(
    (['>=', '>', '<=', '<'] as const).map((operator) => meets(0.5, { operator, limit: 0.5 })),
    [true, false, true, false],
  );
});

const interval = { low: 0.78, high: 0.86, level: 0.95, method: 'wilson' };
const at = parseThreshold('>= 0.8');

test('a point gate looks at the value alone', () => {
  assert.equal(judge(at, { value: 0.82, n: 100, interval }).verdict, 'passed');
  const failed = judge(at, { value: 0.79, n: 100, interval });
  assert.equal(failed.verdict, 'failed');
  assert.deepEqual(failed.reason, { code: 'gate-missed', text: '0.790 is not >= 0.8.' });
  // Rounded, but never into the other side of the limit.
  assert.equal(judge(at, { value: 0.79996, n: 100 }).reason?.text, '0.79996 is not >= 0.8.');
  assert.equal(judge(parseThreshold('>= 80 %'), { value: 0.7, n: 10 }).reason?.text, '0.700 is not >= 80 %.');
});

test('an interval gate passes inside, fails outside, and is uncertain astride', () => {
  const judged = (low: number, high: number): string => {
    const found = judge(at, { value: (low + high) / 2, n: 100, interval: { ...interval, low, high } }, 'interval');
    return `${found.verdict} ${found.reason?.code ?? ''}`.trim();
  };
  assert.equal(judged(0.81, 0.9), 'passed');
  assert.equal(judged(0.8, 0.9), 'passed');
  assert.equal(judged(0.6, 0.79), 'failed gate-missed');
  assert.equal(judged(0.78, 0.86), 'incomparable uncertain');
  assert.equal(
    judge(at, { value: 0.8, n: 100, interval: { ...interval, low: 0.799996, high: 0.8123456 } }, 'interval').reason?.text,
    '0.799996 to 0.812 (95 %) lies on both sides of >= 0.8; more rows would decide it.',
  );
  assert.equal(judge(at, { value: 0.9, n: 1 }, 'interval').reason?.code, 'no-interval');
});

test('a figure that cannot be computed fails its gate with its code', () => {
  const found = judge(parseThreshold('<= 1'), { notComputable: 'one-class', n: 7 });
  assert.equal(found.verdict, 'failed');
  assert.equal(found.reason?.code, 'one-class');
  assert.equal('value' in found, false);
});
