import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import type { Context, FileOutput } from '../../src/kernel/stage.ts';
import { sqlEngines } from '../../src/providers/engines/sql-engines.ts';
import { startFromSources } from '../../src/providers/engines/start.ts';
import type { Data } from '../../src/providers/sources/source.ts';
import { syntaxValidate } from '../../src/stages/syntax-validate/stage.ts';
import { openTable } from '../../src/tables/open-table.ts';
import { inThisThread } from '../../src/tables/workers/table-task.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'syntax-validate-'));
after(() => rmSync(folder, { recursive: true }));
const engines = sqlEngines({ root }, startFromSources(root));
const data: Data = {
  look: async () => ({ files: 1, folders: 1 }),
  fetch: async (reference) => [{ path: reference, name: 'schema.sql', sha256: '0'.repeat(64), bytes: 0 }],
  open: (reference, options, signal) => openTable(reference, options, signal),
  profile: (reference, read, run) => inThisThread.run({ kind: 'profile', paths: [reference], read }, run),
  count: (reference, read, on, run) => inThisThread.run({ kind: 'count-on-edges', reference: on, paths: [reference], read }, run),
};
const warnings: string[] = [];
let runs = 0;

function context(): Context & { out: string } {
  const out = join(folder, `out-${++runs}`);
  mkdirSync(out);
  return {
    out,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: (code) => void warnings.push(code), progress: () => {} },
    now: new Date(0),
    run: { id: 'r', model: 'm', logicalDate: '2026-11-21', seed: '0'.repeat(16) },
    files: {
      path: (name) => join(out, name),
      adopt: (name) => ({ file: name }),
      async write(name, content): Promise<FileOutput> {
        let text = '';
        if (typeof content === 'object' && Symbol.asyncIterator in content) for await (const piece of content) text += String(piece);
        else text = String(content);
        writeFileSync(join(out, name), text);
        return { file: name };
      },
    },
  };
}

async function run(csv: string, inputs: Record<string, unknown>, name = 'predictions.csv') {
  const at = context();
  const predictions = join(at.out, name);
  writeFileSync(predictions, csv);
  const parsed = z.strictObject(syntaxValidate.inputs).parse({ predictions, dialect: 'sqlite', ...inputs });
  const result = await syntaxValidate.run(parsed, { engines, data }, at);
  return { result, file: (name: string) => readFileSync(join(at.out, name), 'utf8') };
}

const FIVE = `id,sql_complexity,predicted_sql
1,easy,SELECT a FROM t
2,easy,"SELECT a,, b FROM t"
3,hard,"\`\`\`sql
SELECT 1
\`\`\`"
4,hard,NULL
5,,
`;

test('rates, files and tables of a CSV; text stays text, a missing prediction is an empty one', async () => {
  const { result, file } = await run(FIVE, {});
  assert.deepEqual(result.verdict, { kind: 'passed' });
  assert.match(result.found, /^20\.0 % valid of 5 judged rows \(5 in all\), by SQLite 3/);
  assert.equal(result.outputs?.validity, 0.2);
  const lines = file('syntax_validation_results.csv').split('\n');
  assert.equal(file('syntax_validation_results.csv').match(/,sqlite,sqlite,SQLite 3[\d.]+\n/g)?.length, 5);
  assert.match(lines[0]!, /^id,sql_complexity,predicted_sql,valid_syntax,verdict,code,message,line,column,offset,near,looks_like/);
  assert.match(lines[1]!, /^1,easy,SELECT a FROM t,1,valid,,no such table: t,/);
  assert.match(lines[2]!, /^2,easy,"SELECT a,, b FROM t",0,invalid,syntax,"near "","": syntax error",1,10,9,", b FROM t",/);
  assert.match(file('syntax_validation_results.csv'), /\n4,hard,NULL,0,invalid,/);
  assert.match(file('syntax_validation_results.csv'), /\n5,,"",0,invalid,empty,/);
  assert.equal(
    file('per_complexity_validation.csv'),
    'sql_complexity,mean,count,judged,low,high\neasy,0.5,2,2,0.0945,0.9055\n(none),0,1,1,0,0.7935\nhard,0,2,2,0,0.6576\n',
  );
  const metric = (name: string) => result.metrics?.find((m) => m.name === name && m.slice === undefined);
  assert.deepEqual([metric('syntax_overall')?.value, metric('syntax_after_cleanup')?.value], [0.2, 0.4]);
  assert.equal(metric('syntax_overall')?.interval?.method, 'wilson');
  assert.deepEqual(result.tables?.[1]?.rows[1], [
    4,
    '3',
    'invalid',
    'syntax',
    'near "```sql\nSELECT 1\n```": syntax error',
    1,
    1,
    '```sql',
    'fence',
    '```sql\nSELECT 1\n```',
  ]);
  assert.deepEqual(
    result.tables?.map(({ name, rows }) => [name, rows.length]),
    [
      ['syntax-by-complexity', 3],
      ['broken-sql', 4],
    ],
  );
});

test('a gate on validity fails or passes; several statements count as asked', async () => {
  assert.equal((await run(FIVE, { gates: { validity: '>= 0.9' } })).result.verdict.kind, 'failed');
  assert.equal((await run(FIVE, { gates: { validity: '>= 0.2' } })).result.verdict.kind, 'passed');
  assert.equal((await run(FIVE, { gates: { validity: 0.9 } })).result.verdict.kind, 'failed', 'a bare number is the least');
  const two = 'pred\nSELECT 1; SELECT 2\n';
  assert.equal((await run(two, {})).result.outputs?.validity, 1);
  assert.equal((await run(two, { 'single-statement': true })).result.outputs?.validity, 0);
});

test('what is approximate or could not be judged is never green by default', async () => {
  const good = 'predicted_sql\nSELECT 1\n';
  const bigquery = await run(good, { dialect: 'bigquery' });
  assert.deepEqual(
    [bigquery.result.verdict.kind, 'reason' in bigquery.result.verdict && bigquery.result.verdict.reason.code],
    ['incomparable', 'approximate'],
  );
  assert.equal((await run(good, { dialect: 'bigquery', approximate: 'allow' })).result.verdict.kind, 'passed');
  const ddl = 'predicted_sql\nSELECT 1\nCREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1\n';
  assert.equal((await run(ddl, { dialect: 'mysql' })).result.verdict.kind, 'incomparable');
  assert.equal((await run(ddl, { dialect: 'mysql', 'on-unjudged': 'continue' })).result.verdict.kind, 'passed');
  assert.equal((await run(good, { engine: 'node-sql-parser' })).result.verdict.kind, 'incomparable');
});

test('with a schema a second rate says whether names exist; differences of the cross-check are told', async () => {
  const schema = join(folder, 'schema.sql');
  writeFileSync(schema, 'CREATE TABLE t (a)');
  const { result } = await run('predicted_sql\nSELECT a FROM t\nSELECT b FROM t\n', { schema });
  assert.deepEqual(result.metrics?.find(({ name }) => name === 'names_resolve')?.value, 0.5);
  await run('predicted_sql\nSELECT a FROM t NATURAL JOIN u\n', { dialect: 'mysql' });
  assert.deepEqual(warnings, ['cross-check-differs']);
  const quoted = 'predicted_sql\n"SELECT ""t"".a FROM ""t"" x"\n';
  assert.equal((await run(quoted, { dialect: 'mysql' })).result.outputs?.validity, 0);
  assert.equal((await run(quoted, { dialect: 'mysql', 'sql-mode': ['ANSI_QUOTES'] })).result.outputs?.validity, 1);
});

test('hostile text stays data: in the file as it is, well-formed in the record', async () => {
  const evil = '</details>\n::warning::x\u001b[31m=cmd()\u2028SELECT';
  const { result, file } = await run(`predicted_sql\n"${evil}"\n`, {});
  assert.ok(file('syntax_validation_results.csv').includes(evil));
  assert.ok(JSON.stringify(result).isWellFormed());
});

test('U+0000 and half a surrogate pair in what a model wrote are judged, not an error of the file; the row after them is right', async () => {
  const csv = await run('predicted_sql\n"SELECT 1\0; DROP TABLE t"\nSELECT 1\n', {});
  assert.match(
    csv.file('syntax_validation_results.csv'),
    /,0,invalid,nul,"The text holds U\+0000, [^"]*",1,9,8,[\s\S]*\n,,SELECT 1,1,valid,/,
  );
  const lines = ['SELECT 1\0', "SELECT '\ud800'", 'SELECT 1'].map((sql) => `${JSON.stringify({ predicted_sql: sql })}\n`).join('');
  const json = await run(lines, {}, 'predictions.jsonl');
  assert.equal(json.result.outputs?.validity, 2 / 3);
  assert.match(json.file('syntax_validation_results.csv'), /\n,,SELECT '\ufffd',1,valid,/);
});

test('S16: in the file that people open no SQL of a model is a formula', async () => {
  const { file } = await run('predicted_sql\n"=1+1"\n@x\n-0.5\n', {});
  const written = file('syntax_validation_results.csv');
  for (const cell of ["'=1+1", "'@x", '-0.5']) assert.match(written, new RegExp(`(?:^|,)${cell.replace('+', '\\+')}(?:,|$)`, 'm'));
});

test('a file without a column of SQL says what was looked for', async () => {
  await assert.rejects(run('a,b\n1,2\n', {}), { code: 'no-column', fault: 'user' });
  await assert.rejects(run('a,b\n1,2\n', { columns: { predicted: 'c' } }), /no column "c"; there are a, b/);
});

test('a dialect is required for text-to-sql and alone, and refused in a pipeline of another task', () => {
  const problems = (inputs: Record<string, unknown>) =>
    syntaxValidate.check!(inputs as unknown as Parameters<NonNullable<typeof syntaxValidate.check>>[0]).map(({ path }) => path);
  assert.deepEqual(problems({}), ['dialect']);
  assert.deepEqual(problems({ task: 'text-to-sql' }), ['dialect']);
  assert.deepEqual(problems({ task: 'text-to-sql', dialect: 'mysql' }), []);
  assert.deepEqual(problems({ task: 'classification' }), []);
  assert.deepEqual(problems({ task: 'classification', dialect: 'mysql' }), ['dialect']);
});
