import assert from 'node:assert/strict';
import { test } from 'node:test';

test('tables, metrics and statistics can be imported by the name of the package', async () => {
  const rooms = await Promise.all([import('retrain/tables'), import('retrain/metrics'), import('retrain/statistics')]);
  const [tables, metrics, statistics] = rooms as readonly Record<string, unknown>[];
  assert.equal(typeof tables?.openTable, 'function');
  assert.equal(typeof metrics?.findMetric, 'function');
  assert.equal(typeof statistics?.sortNumbers, 'function');
});
