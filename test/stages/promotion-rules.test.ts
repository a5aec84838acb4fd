import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comparison, StageRecord } from '../../src/kernel/record.ts';
import type { Verdict } from '../../src/kernel/verdict.ts';
import { decidePromotion } from '../../src/stages/promote/decide-promotion.ts';
import { record } from '../report/fixtures.ts';

const compared = (verdict: Comparison['verdict'], champion = 1, rmse = 0.12): StageRecord =>
  record('evaluate', {
    metrics: [{ name: 'rmse', value: rmse, n: 100, split: 'test' }],
    comparison: { champion, split: 'test', n: 100, leftOut: 0, verdict, guards: [] },
  });
const ask = { version: 2, champion: 1, when: 'significant', gates: {}, evaluation: undefined } as const;
const said = (verdict: Verdict) => (verdict.kind === 'passed' ? 'passed' : `${verdict.kind}: ${verdict.reason.code}`);

test('only better beyond noise moves the champion; a tie keeps it; what cannot be compared is never promoted', () => {
  assert.equal(said(decidePromotion({ ...ask, evaluation: compared('better') })), 'passed');
  assert.equal(said(decidePromotion({ ...ask, evaluation: compared('not-better') })), 'skipped: not-better');
  assert.equal(said(decidePromotion({ ...ask, evaluation: compared('incomparable') })), 'incomparable: incomparable');
  assert.equal(said(decidePromotion(ask)), 'incomparable: no-comparison');
  assert.equal(said(decidePromotion({ ...ask, evaluation: compared('better', 7) })), 'incomparable: champion-moved');
});

test('without a champion the gates alone decide', () => {
  assert.equal(said(decidePromotion({ ...ask, champion: undefined })), 'passed');
  const gates = { rmse: '< 0.10' };
  assert.equal(said(decidePromotion({ ...ask, champion: undefined, gates, evaluation: compared('better') })), 'skipped: promotion-gate');
  assert.equal(said(decidePromotion({ ...ask, champion: undefined, gates, evaluation: compared('better', 1, 0.09) })), 'passed');
});

test('gates of promote are a condition besides, or the only one; never only registers', () => {
  const gates = { rmse: '< 0.10' };
  assert.equal(said(decidePromotion({ ...ask, gates, evaluation: compared('better') })), 'skipped: promotion-gate');
  const alone = { ...ask, gates, when: 'threshold-only' } as const;
  assert.equal(said(decidePromotion({ ...alone, evaluation: compared('not-better', 1, 0.09) })), 'passed');
  assert.equal(said(decidePromotion({ ...alone, gates: { brier: '< 0.1' }, evaluation: compared('better') })), 'failed: gate-missed');
  assert.equal(said(decidePromotion({ ...ask, when: 'never', evaluation: compared('better') })), 'skipped: never');
});
