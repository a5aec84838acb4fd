import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adjust, type Correction, combineFisher, combineStouffer } from '../../src/statistics/corrections.ts';
import { allClose, close } from './close.ts';

const P = [0.004, 0.011, 0.039, 0.041, 0.3];
const PAGE: Record<Correction, number[]> = {
  bonferroni: [0.02, 0.055, 0.195, 0.205, 1],
  sidak: [0.019840638721, 0.053803236956, 0.180371713019, 0.188865197051, 0.83193],
  holm: [0.02, 0.044, 0.117, 0.117, 0.3],
  'holm-sidak': [0.019840638721, 0.043279309359, 0.112496319, 0.112496319, 0.3],
  hochberg: [0.02, 0.044, 0.082, 0.082, 0.3],
  hommel: [0.02, 0.044, 0.078, 0.082, 0.3],
  bh: [0.02, 0.0275, 0.05125, 0.05125, 0.3],
  by: [0.0456666666667, 0.0627916666667, 0.117020833333, 0.117020833333, 0.685],
  'two-stage-bh': [0.012, 0.0165, 0.03075, 0.03075, 0.18],
};

for (const method of Object.keys(PAGE) as Correction[]) {
  test(`${method}: the five p values of the page, in any order`, () => {
    allClose(adjust(P, method), PAGE[method], 1e-10);
    const order = [3, 0, 4, 2, 1];
    allClose(
      adjust(
        order.map((i) => P[i]!),
        method,
      ),
      order.map((i) => PAGE[method][i]!),
      1e-10,
    );
  });
  test(`${method}: NaN is no test and stays NaN, an empty list stays empty`, () => {
    allClose(
      adjust([...P.slice(0, 2), Number.NaN, ...P.slice(2)], method).filter((p) => !Number.isNaN(p)),
      PAGE[method],
      1e-10,
    );
    assert.ok(Number.isNaN(adjust([0.1, Number.NaN], method)[1]!));
    assert.deepEqual(adjust([], method), []);
    assert.throws(() => adjust([1.2], method), RangeError);
  });
}

test('Fisher and Stouffer combine', () => {
  close(combineFisher(P).statistic, 35.347341147, 1e-10);
  close(combineFisher(P).p, 0.000108916787354, 1e-10);
  close(combineStouffer(P).statistic, 4.01081105398, 1e-11);
});
