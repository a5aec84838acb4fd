import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLeakage, type LeakageOptions } from '../../src/tables/leakage.ts';
import { splitTable } from '../../src/tables/split.ts';
import { splitSchema } from '../../src/tables/split-schema.ts';
import { tinyTable } from './tiny-table.ts';

const n = 200;
const id = Array.from({ length: n }, (_, i) => `id-${i}`);
const churn = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 'yes' : 'no'));
const noise = Array.from({ length: n }, (_, i) => (i * 7919) % 1009);

async function find(columns: Record<string, (string | number | undefined)[]>, options: LeakageOptions = {}) {
  const table = tinyTable(columns, {}, 64);
  const split = await splitTable(table, splitSchema.parse({ test: 0.3 }), { key: 'id', target: 'churn' });
  return { found: await findLeakage(table, split, { target: 'churn', ...options }), split };
}

test('clean data has no finding', async () => {
  assert.deepEqual((await find({ id, churn, noise })).found, []);
});

test('a row whose features stand in train under another key is found, with its rows', async () => {
  const twin = noise.slice();
  const { split } = await find({ id, churn, noise });
  const inTest = split.partOf.findIndex((part) => split.parts[part] === 'test');
  const inTrain = split.partOf.findIndex((part) => split.parts[part] === 'train');
  twin[inTest] = twin[inTrain]!;
  const { found } = await find({ id, churn, noise: twin });
  assert.deepEqual(
    found.map(({ kind, value, examples }) => [kind, value, examples]),
    [['rows-in-two-parts', 1, [[inTrain + 1, inTest + 1]]]],
  );
});

test('an entity or a text in train and test is found; texts apart from case and blanks', async () => {
  const patient = id.map((_, i) => `p${i >> 1}`);
  const question = id.map((_, i) => (i % 2 === 0 ? `How Many ${i}?` : `how  many ${i - 1}? `));
  const { found } = await find({ id, churn, noise, patient, question }, { entities: ['patient'], texts: ['question'] });
  assert.deepEqual(
    found.map(({ kind, columns }) => [kind, columns]),
    [
      ['entities-in-two-parts', ['patient']],
      ['text-in-two-parts', ['question']],
    ],
  );
  assert.equal(found[0]!.value, found[1]!.value);
});

test('a feature that is the target in disguise is found by its own AUC, in either direction; an honest one is not', async () => {
  const score = churn.map((label, i) => (label === 'yes' ? -1 : 1) * (1 + (i % 5)));
  const code = churn.map((label, i) => (label === 'yes' ? `left-${i % 4}` : `stays-${i % 4}`));
  const weak = churn.map((label, i) => (label === 'yes' ? i % 7 : i % 9));
  const unique = id.map((name) => `c-${name}`);
  const { found } = await find({ id, churn, score, code, weak, unique });
  assert.deepEqual(
    found.map(({ kind, columns }) => [kind, columns]),
    [
      ['target-in-disguise', ['score']],
      ['target-in-disguise', ['code']],
    ],
  );
});

test('targets of many values are not looked through', async () => {
  const { found } = await find({ id, churn: noise, copy: noise });
  assert.deepEqual(found, []);
});
