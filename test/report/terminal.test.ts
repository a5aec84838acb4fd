import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { displayWidth, terminalReport } from '../../src/report/terminal.ts';
import { errored, hostile, keptBack, manifest, promoted, record, refused, skipped } from './fixtures.ts';

test('terminal: algorithms, winner, figures with intervals and gates, champion, report', () => {
  assert.equal(
    terminalReport(promoted, { report: '.retrain/runs/x/report.html' }),
    `Promoted  churn, version 3
Version 3 of churn is the champion in place of version 2.

Algorithm              auc_roc (cross-validation)
✓ gradient_boosting    0.849 [0.836, 0.861]
  logistic_regression  0.845 [0.832, 0.858]
  random_forest        0.839 [0.825, 0.853]

Measure   Value [95 %]          Gate       n
auc_roc   0.846 [0.824, 0.868]  ✓ >= 0.80  1,409
accuracy  0.803 [0.782, 0.823]             1,409
f1        0.592 [0.553, 0.630]             1,409
log_loss  0.414 [0.395, 0.434]  ✓ <= 0.45  1,409
mcc       zero-denominator                 1,409

Against version 2 on the same 1,174 rows: auc_roc +0.015 [+0.004, +0.026],
better.

Took 1 min 20 s.
Report: .retrain/runs/x/report.html
`,
  );
});

test('terminal: why a version was not promoted, and what could have been seen', () => {
  const text = terminalReport(keptBack, { width: 200 });
  assert.match(text, /^Kept back {2}churn, version 3\nVersion 3 passed its gates and is not promoted: auc_roc is not better/);
  assert.match(text, /\+0\.002 \[−0\.009, \+0\.013\], not better; smallest visible difference 0\.016\./);
});

test('terminal: a guard that keeps a better candidate back stands beside what was better, without a word on what could have been seen', () => {
  const [promotion] = keptBack.records.filter(({ comparison }) => comparison);
  const primary = { ...promotion!.comparison!.primary!, verdict: 'better' as const };
  const guard = { ...primary, metric: 'f1', difference: -0.25, interval: undefined, margin: 0.01, verdict: 'worse' as const };
  const comparison = { ...promotion!.comparison!, primary, guards: [guard, { ...guard, metric: 'mcc', verdict: 'not-worse' as const }] };
  const text = terminalReport(manifest([record('promote', { comparison })]), { width: 200 });
  assert.match(text, /same 1,174 rows: auc_roc \+0\.002 \[−0\.009, \+0\.013\], f1 −0\.250, not better\.\n/);
});

test('terminal: a stage alone shows rates by complexity, the first broken statements with their place, and what it wrote', () => {
  const rate = { name: 'syntax_overall', value: 0.5, n: 2 };
  const rows = Array.from({ length: 6 }, (_, i) => [
    i + 2,
    `q${i}`,
    'near ",": syntax error\x1b[2J',
    1,
    10,
    `SELECT a,, b ${'x'.repeat(i * 40)}`,
  ]);
  const alone = manifest([
    record('syntax-validate', {
      metrics: [rate, { ...rate, slice: 'sql_complexity=easy' }],
      gates: [{ name: 'validity', threshold: '>= 0.9', value: 0.5, judged: 'point', verdict: 'failed' }],
      tables: [{ name: 'broken-sql', title: 'b', columns: ['row', 'id', 'message', 'line', 'column', 'SQL'], rows, total: 9 }],
    }),
  ]);
  const text = terminalReport(alone, { files: { results: 'runs/x/r.csv' } });
  assert.match(text, /\nsyntax_overall {2}0\.500 {9}✗ >= 0\.9 {2}2\n {2}easy {10}0\.500 {19}2\n/);
  assert.match(
    text,
    /\nNot valid, the first 5 of 9:\n {2}row 2 \(q0\), line 1, column 10: near ",": syntax error\\u001b\[2J\n {4}SELECT a,, b\n/,
  );
  assert.ok(
    text.split('\n').every((line) => displayWidth(line) <= 80),
    text,
  );
  assert.match(text, /\nTook .*\nresults: runs\/x\/r\.csv\n$/);
  assert.doesNotMatch(terminalReport({ ...alone, pipeline: 'p.yaml' }), /easy/);
});

test('terminal: a missed gate, a skip and an error are told with their reason', () => {
  assert.match(
    terminalReport(refused),
    /^Refused {2}churn\nauc_roc is 0\.7996, asked was >= 0\.80\.\n[\s\S]*auc_roc {2}0\.7996 {8}✗ >= 0\.80/,
  );
  assert.match(
    terminalReport(skipped),
    /^Skipped {2}churn, version 1\nCode, configuration and data are the same as version 1\.\n\nTook 0\.2 s\.\n$/,
  );
  assert.match(terminalReport(errored), /exit code 1: ValueError: y contains NaN\.\n\nRead files\/train\/trainer\.log\.\n/);
});

test('terminal: no line is wider than the terminal, down to 48 columns', () => {
  for (const width of [48, 60, 80, 120]) {
    for (const run of [promoted, keptBack, refused, skipped, errored, manifest([])]) {
      for (const line of terminalReport(run, { width, report: 'r.html' }).split('\n'))
        assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
    }
  }
});

test('terminal: colour adds nothing but colour', () => {
  const coloured = terminalReport(promoted, { colour: true });
  assert.match(coloured, /^\x1b\[32m\x1b\[1mPromoted\x1b\[22m\x1b\[39m/);
  assert.equal(stripVTControlCharacters(coloured), terminalReport(promoted));
  assert.doesNotMatch(terminalReport(promoted), /\x1b/);
});

test('terminal: hostile text moves no cursor and rings no bell', () => {
  assert.doesNotMatch(terminalReport(hostile), /[\0-\x09\x0b-\x1f\u202e]/);
});

test('terminal: East Asian characters and emoji take two columns, accents none', () => {
  assert.deepEqual(['abc', '价格', '✅', 'é', 'e\u0301'].map(displayWidth), [3, 4, 2, 1, 1]);
});
