import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delongAuc } from '../../src/statistics/paired/delong.ts';
import { energyDistance, wasserstein } from '../../src/statistics/sample-distances.ts';
import { andersonDarling } from '../../src/statistics/tests/anderson.ts';
import { cramerVonMises } from '../../src/statistics/tests/cramer-von-mises.ts';
import { eppsSingleton } from '../../src/statistics/tests/epps-singleton.ts';
import { ksTest } from '../../src/statistics/tests/ks.ts';
import { brunnerMunzel, mannWhitney } from '../../src/statistics/tests/ranks.ts';
import { cohenD, leveneTest, tTest } from '../../src/statistics/tests/samples.ts';
import type { Alternative, Tested } from '../../src/statistics/tests/tested.ts';
import { close } from './close.ts';
import { golden, type SampleSpec, sampleOf } from './golden-samples.ts';

type Golden = [number, number] | null;
type Case = Record<string, Golden> & { readonly a: SampleSpec; readonly b: SampleSpec };

const SIDES: readonly Alternative[] = ['two-sided', 'less', 'greater'];
type Run = (a: Float64Array, b: Float64Array) => Tested;
/** Absent: scipy had no value of its own to give; null: it found none to exist. */
const TESTS: Record<string, Run> = {
  'mwu asymptotic': (a, b) => mannWhitney(a, b, { method: 'asymptotic' }),
  cvm: (a, b) => cramerVonMises(a, b),
  'cvm asymptotic': (a, b) => cramerVonMises(a, b, 'asymptotic'),
  anderson: andersonDarling,
  epps: eppsSingleton,
  levene: leveneTest,
};
for (const alternative of SIDES) {
  TESTS[`ks ${alternative}`] = (a, b) => ksTest(a, b, { alternative });
  TESTS[`ks asymptotic ${alternative}`] = (a, b) => ksTest(a, b, { alternative, method: 'asymptotic' });
  TESTS[`mwu ${alternative}`] = (a, b) => mannWhitney(a, b, { alternative });
  TESTS[`t ${alternative}`] = (a, b) => tTest(a, b, { alternative });
  TESTS[`welch ${alternative}`] = (a, b) => tTest(a, b, { alternative, equalVariances: false });
  TESTS[`munzel ${alternative}`] = (a, b) => brunnerMunzel(a, b, alternative);
}
/** S3: p of rank tests 1e-7, the rest 1e-9. */
const P_TOLERANCE: Record<string, number> = { 'cvm asymptotic': 1e-7, cvm: 1e-7 };

const { cases } = golden<{ cases: Case[] }>('two-samples');
const label = ({ kind, n, shift = 0, scale = 1 }: SampleSpec) =>
  `${n} ${kind}${shift ? ` +${shift}` : ''}${scale === 1 ? '' : ` ×${scale}`}`;

for (const wanted of cases) {
  test(`two-sample tests as scipy: ${label(wanted.a)} against ${label(wanted.b)}`, () => {
    const [a, b] = [sampleOf(wanted.a), sampleOf(wanted.b)];
    const wrong: string[] = [];
    const check = (name: string, found: number, expected: number, tolerance: number) => {
      try {
        close(found, expected, tolerance);
      } catch {
        wrong.push(`${name}: found ${found}, expected ${expected}`);
      }
    };
    for (const [name, run] of Object.entries(TESTS)) {
      const expected = wanted[name];
      if (expected === undefined) continue;
      const found = run(a, b);
      if (!expected) {
        if ('p' in found) wrong.push(`${name}: found p ${found.p}, expected none`);
      } else if (!('p' in found)) wrong.push(`${name}: ${found.notComputable}, expected ${expected}`);
      else {
        check(name, found.statistic, expected[0], 1e-9);
        check(`${name} p`, found.p, expected[1], P_TOLERANCE[name] ?? 1e-9);
      }
    }
    const plain = wanted as unknown as Record<string, number>;
    check('wasserstein', wasserstein(a, b), plain.wasserstein!, 1e-9);
    check('energy', energyDistance(a, b), plain.energy!, 1e-9);
    check('cohen', cohenD(a, b), plain.cohen!, 1e-9);
    if (plain.auc !== undefined) {
      const auc = delongAuc(
        Array.from({ length: a.length + b.length }, (_, i) => (i < a.length ? 1 : 0)),
        Float64Array.from([...a, ...b]),
      );
      check('auc', 'auc' in auc ? auc.auc : Number.NaN, plain.auc, 1e-12);
    }
    assert.deepEqual(wrong, []);
  });
}

test('infinities, 1e300 and samples far apart: KS and Mann-Whitney as scipy', () => {
  for (const wanted of golden<{ cases: (Record<string, [number, number]> & { a: number[]; b: number[] })[] }>('infinities').cases) {
    for (const alternative of SIDES) {
      const found = ksTest(wanted.a, wanted.b, { alternative });
      assert.ok('p' in found);
      close(found.statistic, wanted[`ks ${alternative}`]![0], 1e-15);
      assert.ok(Math.abs(found.p / wanted[`ks ${alternative}`]![1] - 1) < 1e-9, `${alternative} ${found.p}`);
    }
    const found = mannWhitney(wanted.a, wanted.b);
    assert.ok('p' in found);
    assert.equal(found.statistic, wanted.mwu![0]);
    close(found.p, wanted.mwu![1]);
  }
});
