import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { displayWidth, terminalReport } from '../../src/report/terminal.ts';
import { errored, hostile, keptBack, manifest, promoted, refused, skipped } from './fixtures.ts';

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
