import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { keptObjects } from '../../src/providers/kept-objects.ts';
import { openStore } from '../../src/providers/stores/open-store.ts';
import { biasCheck } from '../../src/stages/bias-check/stage.ts';
import { drift } from '../../src/stages/drift/stage.ts';
import { evaluate } from '../../src/stages/evaluate/stage.ts';
import { fetchData } from '../../src/stages/fetch-data/stage.ts';
import { fetchModel } from '../../src/stages/fetch-model/stage.ts';
import { syntaxValidate } from '../../src/stages/syntax-validate/stage.ts';
import { validateData } from '../../src/stages/validate-data/stage.ts';
import { profileToJson } from '../../src/tables/profile/profile-json.ts';
import { gcsStandIn } from '../stand-ins/gcs.ts';
import { FIXTURES, SqlBench } from './sql-stage.ts';

/** A bench whose stages reach a bucket, with what is put there by name. */
async function bench(context: TestContext) {
  const gcs = await gcsStandIn(context, 'acme');
  const log = () => undefined;
  const stages = new SqlBench((base) => async () => {
    const store = openStore({ base, env: { STORAGE_EMULATOR_HOST: gcs.endpoint }, log });
    return { store, bring: keptObjects({ store, cache: join(base, 'cache'), what: 'data', log }) };
  });
  context.after(() => stages[Symbol.dispose]());
  const put = (name: string, content: string | Buffer) => {
    gcs.put('acme', name, content);
    return `gs://acme/${name}`;
  };
  return { gcs, stages, put, fetched: () => gcs.requests.filter((line) => line.includes('alt=media')).length };
}

const numbers = (from: number): string => `n\n${Array.from({ length: 100 }, (_, at) => from + (at % 10)).join('\n')}\n`;

test('drift: new data, a reference and a stored profile by store URI', async (context) => {
  const { stages, put } = await bench(context);
  const same = { read: {}, current: put('now/a.csv', numbers(0)), reference: put('before.csv', numbers(0)) };
  assert.equal((await stages.run(drift, same)).result.outputs?.drifted, false);
  assert.equal((await stages.run(drift, { ...same, current: put('then/b.csv', numbers(50)) })).result.outputs?.drifted, true);
  const { data } = stages.providers();
  const profile = profileToJson(await data.profile('gs://acme/before.csv', {}, { signal: new AbortController().signal }));
  const stored = { ...same, current: 'gs://acme/then/*.csv', reference: put('v1/profile.json', profile) };
  assert.equal((await stages.run(drift, stored)).result.outputs?.drifted, true);
});

test('evaluate: predictions, databases and schemas by store URI, each object fetched once', async (context) => {
  const { stages, put, fetched } = await bench(context);
  for (const [name, value] of [
    ['shop', 1],
    ['zoo', 7],
  ] as const) {
    const path = stages.write(`${name}.db`, '');
    const database = new DatabaseSync(path);
    database.exec(`CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (${value})`);
    database.close();
    put(`dbs/${name}/${name}.sqlite`, readFileSync(path));
  }
  const predictions = put('p.csv', 'db_id,expected_sql,predicted_sql\nshop,SELECT a FROM t,SELECT 1\nzoo,SELECT a FROM t,SELECT 1\n');
  const { metric } = await stages.run(evaluate, { task: 'text-to-sql', predictions, execution: { databases: 'gs://acme/dbs' } });
  assert.deepEqual([metric('execution')?.value, metric('execution')?.n, fetched()], [0.5, 2, 3]);

  const rows = put('dev.jsonl', readFileSync(join(FIXTURES, 'spider-dev.jsonl')));
  const theirs = readFileSync(join(FIXTURES, 'spider-dev-predictions.jsonl'), 'utf8').split('\n');
  const lines = theirs.filter((line) => line.includes('"codes-7b-spider"'));
  const spider = await stages.run(evaluate, {
    task: 'text-to-sql',
    key: 'idx',
    rows,
    predictions: put('p.jsonl', `${lines.join('\n')}\n`),
    schemas: put('tables.json', readFileSync(join(FIXTURES, 'spider-dev-schemas.json'))),
    'exact-match': 'spider',
  });
  const right = lines.filter((line) => line.includes('"exact_set_match":1')).length;
  assert.equal(spider.metric('exact_match')?.value, right / lines.length);
});

test('syntax-validate: predictions and schema by store URI; bias-check: predictions and rows', async (context) => {
  const { stages, put } = await bench(context);
  const predictions = put(
    'eval.csv',
    'sql_complexity,expected_sql,predicted_sql\neasy,SELECT a FROM t,SELECT a FROM t\nhard,SELECT 1,SELECT b FROM t\n',
  );
  const schema = put('schema.sql', 'CREATE TABLE t (a)');
  const judged = await stages.run(syntaxValidate, { task: 'text-to-sql', dialect: 'sqlite', predictions, schema });
  assert.equal(judged.result.outputs?.validity, 1);
  assert.equal(judged.metric('names_resolve')?.value, 0.5);
  const checked = await stages.run(biasCheck, { task: 'text-to-sql', predictions, rows: predictions, evaluation: predictions });
  assert.match(checked.file('sql_complexity_distribution.csv'), /easy/);
});

test('validate-data: data and a referenced table by store URI', async (context) => {
  const { stages, put } = await bench(context);
  const inputs = {
    read: {},
    data: put('orders.csv', 'id,customer\n1,7\n2,9\n'),
    references: [{ columns: 'customer', to: put('customers.csv', 'id\n7\n'), 'to-columns': 'id' }],
  };
  const { result } = await stages.run(validateData, inputs);
  assert.equal(result.verdict.kind, 'failed');
});

test('a store URI that names nothing, a store nobody serves, and a dangerous name are the user’s to mend', async (context) => {
  const { stages, put, gcs } = await bench(context);
  const look = (reference: string) => stages.providers().data.look(reference, new AbortController().signal);
  const fetch = (reference: string) => stages.providers().data.fetch(reference, new AbortController().signal);
  await assert.rejects(look('gs://acme/none.csv'), { code: 'missing-file', fault: 'user' });
  await assert.rejects(look('gs://nobody/none.csv'), { code: 'no-such-bucket' });
  await assert.rejects(look('s3://acme/a.csv'), { code: 'unknown-store', message: /expected file:, gs:\/\/, hf:\/\/ or a path/ });
  put('later/_SUCCESS', '');
  assert.equal((await look('gs://acme/later/')).files, 0);
  assert.equal((await look('gs://acme/later/*.csv')).files, 0);
  await assert.rejects(fetch('gs://acme/later/*.csv'), { code: 'no-data' });
  for (const name of ['bad/../../x.csv', 'bad/a\nb.csv', 'bad//x.csv', 'bad/a\\b.csv']) {
    gcs.buckets.get('acme')?.clear();
    put(name, 'x\n1\n');
    await assert.rejects(look('gs://acme/bad/'), { code: 'bad-name' }, name);
  }
});

test('a store nobody serves is told before anything runs', () => {
  const fetched = (given: object) => fetchData.check!(z.strictObject(fetchData.inputs).parse({ name: 'sql', read: {}, ...given }));
  const based = (given: object) => fetchModel.check!(z.strictObject(fetchModel.inputs).parse({ name: 'sql', ...given }));
  for (const source of ['data/*.csv', 'file:///a.csv', 'gs://acme/*.csv', 'hf://datasets/acme/churn/data'])
    assert.deepEqual(fetched({ source }), []);
  assert.deepEqual(
    [...fetched({ source: 's3://acme/a.csv' }), ...based({ initial: 's3://acme/t5', prefix: 'https://acme/t5' })].map(({ path }) => path),
    ['source', 'initial', 'prefix'],
  );
});

test('what a stage has read under a URI stays what it was for it, although somebody writes there', async (context) => {
  const { stages, put } = await bench(context);
  const { data } = stages.providers();
  const { signal } = new AbortController();
  const uri = put('a.csv', 'x\n1\n');
  assert.equal((await data.profile(uri, {}, { signal })).rows, 1);
  put('a.csv', 'x\n1\n2\n');
  assert.equal((await data.profile(uri, {}, { signal })).rows, 1);
  assert.equal((await stages.providers().data.profile(uri, {}, { signal })).rows, 2);
});

test('a fingerprint moves with every generation and with nothing else, and reads no byte', async (context) => {
  const { stages, put, fetched } = await bench(context);
  const look = () => stages.providers().data.look('gs://acme/d/**/*.csv', new AbortController().signal);
  put('d/month=01/a.csv', 'x\n1\n');
  put('d/month=02/b.csv', 'x\n2\n');
  const first = await look();
  assert.deepEqual([first.files, first.folders, Object.keys(first)], [2, 2, ['files', 'folders', 'fingerprint', 'modified']]);
  put('d/month=02/.hidden.csv', 'x');
  put('d/month=02/notes.txt', 'x');
  assert.deepEqual(await look(), first);
  put('d/month=02/b.csv', 'x\n3\n');
  assert.notEqual((await look()).fingerprint, first.fingerprint);
  assert.equal(fetched(), 0);
});
