import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Version } from '../../src/providers/registries/registry.ts';
import { trendOf } from '../../src/stages/register/trend.ts';

const version = (number: number, test?: Readonly<Record<string, unknown>>): Version => ({
  model: 'churn',
  version: number,
  created: '2026-11-21T10:00:00.000Z',
  files: [],
  digest: '',
  metadata: { performance: { test } },
  tags: {},
});

test('the trend has the primary metric of every version that has it, oldest first', () => {
  const found = trendOf([version(3, { auc: 0.9 }), version(1, { auc: 0.7 }), version(2, { other: 1 }), version(4)], 'auc');
  assert.deepEqual(found, [
    { name: 'trend', title: 'auc over the versions', x: 'Version', y: 'auc', series: [{ name: 'auc', x: [1, 3], y: [0.7, 0.9] }] },
  ]);
});

test('one version is no trend, and of very many the newest are shown', () => {
  assert.deepEqual(trendOf([version(1, { auc: 0.7 })], 'auc'), []);
  const many = trendOf(
    Array.from({ length: 300 }, (_, i) => version(i + 1, { auc: 0.5 })),
    'auc',
  );
  assert.deepEqual([many[0]?.series[0]?.x.length, many[0]?.series[0]?.x[0]], [200, 101]);
});
