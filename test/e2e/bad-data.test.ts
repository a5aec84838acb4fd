import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { assertRefused } from './refusal.ts';

const lines = customers(60).trimEnd().split('\n');
const file = (all: readonly string[]): string => `${all.join('\n')}\n`;
/** The table with line `number` (the header is line 1) changed. */
const withLine = (number: number, change: (line: string) => string): string =>
  file(lines.map((line, i) => (i + 1 === number ? change(line) : line)));
const withFields = (change: (fields: string[], header: boolean) => string[]): string =>
  file(lines.map((line, i) => change(line.split(','), i === 0).join(',')));
const latin1 = Buffer.concat([
  Buffer.from(`${lines.slice(0, 4).join('\n')}\nc3,5,mois `),
  Buffer.from([0xe9]),
  Buffer.from(`,50,yes\n${file(lines.slice(5))}`),
]);

/** What is wrong; the data (undefined: no file); what must be said. */
const CASES: readonly (readonly [string, string | Uint8Array | undefined, readonly RegExp[]])[] = [
  ['a literal path that is missing', undefined, [/data\.csv does not exist/, /Correct the path/]],
  ['an empty file', '', [/data\.csv: the file is empty: expected a header/, /cut short/]],
  ['a header only', file(lines.slice(0, 1)), [/data\.csv: the header is there, but no row/]],
  ['a row with a field too many', withLine(6, (line) => `${line},more`), [/data\.csv, row 6: expected 5 fields, found 6/, /delimiter/]],
  ['a row with a field too few', withLine(6, (line) => line.replace(/,[^,]*$/, '')), [/data\.csv, row 6: expected 5 fields, found 4/]],
  ['a wrong encoding', latin1, [/data\.csv, row 5, column "plan": The bytes are not valid UTF-8/, /declare its encoding/]],
  [
    'a column twice',
    withLine(1, () => 'id,tenure,tenure,charges,churn'),
    [/data\.csv, row 1, column 3: two columns are named "tenure"/, /a name of its own/],
  ],
  [
    'a key twice',
    withLine(8, (line) => line.replace(/^c6,/, 'c2,')),
    [/data\.csv, row 8, column "id": The key "c2" stands in rows 4 and 8/, /Remove the repeated row/],
  ],
  [
    'no target column',
    withFields((fields) => fields.slice(0, -1)),
    [/data\.csv: expected a column "churn", found id, tenure, plan, charges/, /Correct target or key/],
  ],
  [
    'no key column',
    withFields((fields) => fields.slice(1)),
    [/data\.csv: expected a column "id", found tenure, plan, charges, churn/, /Correct target or key/],
  ],
  [
    'a target with one class',
    withFields((fields, header) => (header ? fields : [...fields.slice(0, -1), 'no'])),
    [/data\.csv, column "churn": expected at least two classes, found only "no" \(60\)/, /examples of each class/],
  ],
  [
    'a target with a third value',
    withLine(10, (line) => line.replace(/(yes|no)$/, 'maybe')),
    [/data\.csv, row 10, column "churn": expected two classes.*found 3: "maybe" \(1\)/, /Mend the value/],
  ],
  [
    'a missing target',
    withLine(10, (line) => line.replace(/(yes|no)$/, '')),
    [/data\.csv, row 10, column "churn": expected a value of the target, found none/],
  ],
  [
    'a column without any value',
    withFields((fields, header) => (header ? fields : [fields[0]!, '', ...fields.slice(2)])),
    [/data\.csv, column "tenure": has no value in any of 60 rows/, /prepare-data\.drop/],
  ],
];

for (const [what, data, words] of CASES) {
  test(`${what}: exit 2, said with its place, nothing trained, nothing left half done`, async () => {
    await using project = await ownProject({ 'churn.yaml': ownPipeline() });
    if (data !== undefined) await project.write('data.csv', data);
    await assertRefused(project, await project.retrain(['run', 'churn.yaml']), 2, words);
    await assert.rejects(project.read('trainer.log'), 'the trainer was never started');
    assert.equal((await project.lastRun()).outcome, 'errored');
  });
}

test('of several files the one that is wrong is named, with the row in it', async () => {
  await using project = await ownProject({
    'churn.yaml': ownPipeline().replace('data.csv', '"data/*.csv"'),
    'data/1.csv': customers(50),
    'data/2.csv': customers(50, { seed: 2, first: 50 }).replace(/^c60,/m, 'c9,'),
  });
  const ended = await project.retrain(['run', 'churn.yaml']);
  await assertRefused(project, ended, 2, [/data\/2\.csv, row 12, column "id": The key "c9" stands in row 12 and row 11 of data\/1\.csv/]);
});
