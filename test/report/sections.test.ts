import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../../src/report/run.ts';
import { reportDocument } from '../../src/report/sections.ts';
import { promoted } from './fixtures.ts';

const algorithmTables = (run: Run) =>
  (reportDocument(run).sections.find(({ id }) => id === 'algorithms')?.blocks ?? []).flatMap((block) =>
    block.kind === 'table' ? [block] : [],
  );
const withTable = (name: string): Run => ({
  ...promoted,
  records: promoted.records.map((record) =>
    record.stage === 'train'
      ? {
          ...record,
          tables: [
            {
              name,
              title: 'Algorithms, cross-validated in the training part',
              columns: ['algorithm', 'metric', 'mean', 'std', 'folds', 'seconds', 'chosen'],
              rows: [
                ['random_forest', 'auc_roc', 0.83, 0.012, 5, 3.5, false],
                ['gradient_boosting', 'auc_roc', 0.84, 0.011, 5, 2.25, true],
              ],
            },
          ],
        }
      : record,
  ),
});

test('the scores of the algorithms and the table that train leaves of them are one table', () => {
  const [table, ...others] = algorithmTables(withTable('algorithms'));
  assert.equal(others.length, 0);
  const titles = table?.columns.map(({ title }) => title) ?? [];
  assert.deepEqual(titles.slice(0, 1).concat(titles.slice(-4)), ['Algorithm', 'std', 'folds', 'seconds', 'Choice']);
  const row = table?.rows.find(([name]) => name?.text === 'gradient_boosting')?.map(({ text }) => text) ?? [];
  assert.deepEqual(row.slice(-4), ['0.011', '5', '2.250', '✓ winner']);
  // An algorithm that the table does not know has dashes, not another one's figures.
  const unknown = table?.rows.find(([name]) => name?.text === 'logistic_regression')?.map(({ text }) => text) ?? [];
  assert.deepEqual(unknown.slice(-4), ['–', '–', '–', '']);
});

test('other tables of train stay tables of their own', () => {
  assert.equal(algorithmTables(withTable('trials')).length, 2);
});
