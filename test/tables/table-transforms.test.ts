import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseColumns } from '../../src/tables/columns.ts';
import { joinTables } from '../../src/tables/join.ts';
import { cellsOf, tinyTable } from './tiny-table.ts';

const typos = () => tinyTable({ typo: ['teh', 'adn'], corrected: ['the', 'and'], domain: ['x', 'y'] });

test('columns are renamed, selected and left out by their old names', async () => {
  const renamed = chooseColumns(typos(), { rename: { typo: 'query', corrected: 'correction' } });
  assert.deepEqual(await cellsOf(renamed), { query: ['teh', 'adn'], correction: ['the', 'and'], domain: ['x', 'y'] });
  assert.deepEqual(await cellsOf(chooseColumns(typos(), { keep: ['domain', 'typo'], rename: { typo: 'q' } })), {
    domain: ['x', 'y'],
    q: ['teh', 'adn'],
  });
  assert.deepEqual(Object.keys(await cellsOf(chooseColumns(typos(), { drop: ['domain'] }))), ['typo', 'corrected']);
  for await (const batch of renamed.batches({ columns: ['correction'] }))
    assert.deepEqual(batch.schema, [{ name: 'correction', type: 'text' }]);
});

test('a name that is not there, or would stand twice, is refused', () => {
  assert.throws(() => chooseColumns(typos(), { rename: { typ: 'q' } }), { code: 'unknown-column', message: /Did you mean "typo"/ });
  assert.throws(() => chooseColumns(typos(), { rename: { typo: 'domain' } }), { code: 'duplicate-column' });
});

const features = tinyTable({ id: ['d', 'a', 'c', 'b', 'e'], x: [4, 1, 3, 2, 5] });
const labels = (id: string[], y: (string | undefined)[]) => tinyTable({ id, y });

test('features and labels are joined by key, in the order of the features', async () => {
  const joined = await joinTables(features, labels(['a', 'b', 'c', 'd', 'e', 'z'], ['A', 'B', 'C', undefined, 'E', 'Z']), { on: ['id'] });
  assert.deepEqual(await cellsOf(joined), { id: ['d', 'a', 'c', 'b', 'e'], x: [4, 1, 3, 2, 5], y: [undefined, 'A', 'C', 'B', 'E'] });
  assert.deepEqual(joined.counts, { rows: 5, withoutLabel: 0, unusedLabels: 1 });
  for await (const batch of joined.batches({ columns: ['y'] }))
    assert.deepEqual(
      batch.schema.map(({ name }) => name),
      ['y'],
    );
});

test('rows without a label are an error with count and examples, or are dropped', async () => {
  const some = labels(['a', 'c'], ['A', 'C']);
  await assert.rejects(joinTables(features, some, { on: ['id'] }), {
    code: 'missing-label',
    message: /3 of 5 rows have no label in tiny, for instance "d" \(row 1\), "b" \(row 4\), "e" \(row 5\)/,
  });
  const dropped = await joinTables(features, some, { on: ['id'], missingLabel: 'drop' });
  assert.deepEqual(await cellsOf(dropped), { id: ['a', 'c'], x: [1, 3], y: ['A', 'C'] });
  assert.equal(dropped.counts.withoutLabel, 3);
});

test('a key with two labels and a column that both have are refused', async () => {
  await assert.rejects(joinTables(features, labels(['a', 'b', 'a'], ['1', '2', '3']), { on: ['id'] }), {
    code: 'duplicate-label',
    message: /"a" has two labels, in rows 1 and 3/,
  });
  await assert.rejects(joinTables(features, tinyTable({ id: ['a'], x: [1] }), { on: ['id'] }), { code: 'duplicate-column' });
});

test('keys of several columns, numbers against text', async () => {
  const left = tinyTable({ id: [1, 1, 2], day: ['m', 't', 'm'], x: [7, 8, 9] });
  const right = tinyTable({ day: ['t', 'm', 'm'], id: ['1', '2', '1'], y: ['b', 'c', 'a'] });
  assert.deepEqual((await cellsOf(await joinTables(left, right, { on: ['id', 'day'] }))).y, ['a', 'b', 'c']);
});
