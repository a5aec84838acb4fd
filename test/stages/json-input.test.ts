import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { evaluate } from '../../src/stages/evaluate/stage.ts';
import { jsonInput } from '../../src/stages/json-input.ts';
import { readVersionTrainer } from '../../src/stages/version-trainer.ts';
import { SqlBench } from './sql-stage.ts';

test('a JSON file that a stage was given: read when it holds what was expected, else the user’s to mend, by name', async () => {
  using bench = new SqlBench();
  const shape = z.array(z.string());
  assert.deepEqual(await jsonInput(bench.write('keys.json', '["a","b"]'), shape, 'a list of keys'), ['a', 'b']);
  for (const text of ['', '["a"', '{"a":1}', '[1]'])
    await assert.rejects(jsonInput(bench.write('keys.json', text), shape, 'a list of keys'), {
      code: 'damaged-input',
      fault: 'user',
      message: /keys\.json: expected a list of keys, as JSON\.$/,
    });
});

test('damaged files of the champion are no fault of Retrain', async () => {
  using bench = new SqlBench();
  const rows = ['customer,truth,predicted,score', 'a,yes,yes,0.9', 'b,no,no,0.1', ''].join('\n');
  const predictions = bench.write('p.csv', rows);
  const given = {
    task: 'classification',
    target: { column: 'truth', positive: 'yes' },
    key: 'customer',
    predictions,
    'champion-predictions': predictions,
    'champion-version': 1,
  };
  for (const name of ['left-out', 'champion-metadata'])
    await assert.rejects(bench.run(evaluate, { ...given, [name]: bench.write('damaged.json', '{') }), {
      code: 'damaged-input',
      fault: 'user',
    });
  const trainer = bench.write('trainer.json', '{');
  await assert.rejects(readVersionTrainer(trainer.slice(0, -'/trainer.json'.length)), { code: 'unreadable-version', fault: 'user' });
});
