import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../../src/kernel/record.ts';
import { COMMENT_BYTES_MAX, reportMarkdown } from '../../src/report/markdown.ts';
import { jobSummary, oneLineSummary } from '../../src/report/summary.ts';
import { errored, hostile, keptBack, manifest, promoted, record, refused, skipped } from './fixtures.ts';

const headings = (markdown: string) => [...markdown.matchAll(/^(?:### |<summary>)(.*?)(?:<\/summary>)?$/gm)].map(([, title]) => title);

test('report.md: the verdict comes first, then what it rests on', () => {
  const markdown = reportMarkdown(promoted);
  assert.match(markdown, /^## ✅ churn: promoted\n\n\*\*Version 3 of churn is the champion in place of version 2\.\*\*\n/);
  assert.deepEqual(headings(markdown), [
    'Attention',
    'Gates',
    'Candidate against champion',
    'What the candidate is worth',
    'Algorithms',
    'Slices',
    'Drift',
    'Data',
    'Behind the figures',
    'Versions so far',
    'Stages and times',
    'Inputs and outputs',
    'How to use this version',
    'Circumstances',
  ]);
  for (const line of [
    '| auc_roc | test | 0.846 \\[0.824, 0.868\\] | 1,409 | 95 %, delong |',
    '| mcc | oot | zero-denominator | 1,409 | – |',
    '| gradient_boosting | 0.849 \\[0.836, 0.861\\] | ✓ winner |',
    '| auc_roc | primary | 0.846 | 0.831 | +0.015 \\[+0.004, +0.026\\] | DeLong, p = 0.007 | better |',
    '| SeniorCitizen=1 | 0.606 \\[0.505, 0.699\\] | 94 |',
    'Both were judged on the same 1,174 rows of the test part; 235 rows that version 2 was trained on were left out.',
    'The smallest difference in auc_roc that this many rows would have shown (power 80 %) is 0.016.',
  ]) {
    assert.ok(markdown.includes(`\n${line}\n`), line);
  }
});

test('a promotion that waits for people: the report leads to them', () => {
  const url = 'https://github.com/acme/models/pull/7';
  const verdict = { kind: 'skipped', reason: { code: 'proposed', text: 'Version 3 waits for people.' } } as const;
  const markdown = reportMarkdown(manifest([record('promote', { verdict, outputs: { promoted: false, version: 3, proposal: url } })]));
  assert.match(markdown, /: kept back\n/);
  assert.ok(markdown.includes(`](${url})`));
});

test('report.md: a section whose record is absent is not there', () => {
  assert.deepEqual(headings(reportMarkdown(skipped)), ['Stages and times', 'How to use this version', 'Circumstances']);
  assert.deepEqual(headings(reportMarkdown(manifest([]))), ['Circumstances']);
});

test('report.md: each way to end says so, with the reason', () => {
  const cases: readonly (readonly [Manifest, RegExp])[] = [
    [
      keptBack,
      /^## ⚠️ churn: kept back\n\n\*\*Version 3 passed its gates and is not promoted: auc_roc is not better than that of version 2 beyond noise\.\*\*/,
    ],
    [refused, /^## ❌ churn: refused\n\n\*\*auc_roc is 0\.7996, asked was >= 0\.80\.\*\*/],
    [skipped, /^## ⚠️ churn: skipped\n\n\*\*Code, configuration and data are the same as version 1\.\*\*/],
    [errored, /^## ❌ churn: failed\n\n\*\*train: The trainer ended with exit code 1: ValueError: y contains NaN\.\*\*/],
    [manifest([], { outcome: 'cancelled' }), /^## ⚠️ churn: cancelled\n\n\*\*The run was cancelled; the champion stays\.\*\*/],
    [manifest([], { promoted: true, version: 1 }), /\*\*Version 1 of churn is the champion: the first, so the gates alone decided\.\*\*/],
  ];
  for (const [run, expected] of cases) assert.match(reportMarkdown(run), expected);
});

test('report.md: a value that misses its threshold never looks like it', () => {
  assert.match(reportMarkdown(refused), /\| ✗ failed \| auc_roc \| >= 0\.80 \| 0\.7996 \|/);
});

test('report.md: a winner chosen on the test part is called optimistic', () => {
  const run = manifest([record('train', { inputs: { select: 'test' }, metrics: [{ name: 'auc', model: 'a', value: 0.8, n: 9 }] })]);
  assert.match(reportMarkdown(run), /its figures are optimistic/);
  assert.doesNotMatch(reportMarkdown(run), /was not looked at/);
  assert.doesNotMatch(reportMarkdown(promoted), /optimistic/);
});

/** What GitHub would see of a line outside code: markup that is not ours. */
const outsideCode = (markdown: string) =>
  markdown
    .replace(/^(`{3,})[^`]*\n[\s\S]*?\n\1$/gm, '')
    .replace(/(`+)(?!`)(?:.*?[^`])?\1(?!`)/g, (code) => 'x'.repeat(code.length > 0 ? 1 : 0));

test('report.md: hostile text pings nobody, loads nothing, closes nothing, and every table keeps its columns', () => {
  for (const markdown of [reportMarkdown(hostile), reportMarkdown(hostile, { bytesMax: 20_000 })]) {
    const text = outsideCode(markdown);
    assert.doesNotMatch(text.replace(/<\/?details>|<\/?summary>/g, ''), /<(?![\s\d])/, 'no tag but ours');
    assert.doesNotMatch(text, /@[\w-]/);
    assert.doesNotMatch(text, /#\d|gh-\d/i);
    assert.doesNotMatch(text, /(?<!\\)!\[|(?<!\\)\]\((?!https:\/\/example\.org)/);
    assert.doesNotMatch(text.replaceAll('(https://example.org', ''), /:\/\/|www\./);
    assert.doesNotMatch(markdown, /[\0-\x08\x0b-\x1f\u202e]/);
    assert.equal(text.match(/<details>/g)?.length, text.match(/<\/details>/g)?.length);
    assert.ok(text.split('\n').every((line) => !/^#/.test(line) || /^###? [✅❌⚠A-Z]/.test(line)));

    const rows = markdown.split('\n').filter((line) => line.startsWith('| '));
    const cells = rows.map((line) => line.replace(/\\\\/g, '').match(/(?<!\\)\|/g)?.length ?? 0);
    let columns = 0;
    for (const [index, row] of rows.entries()) {
      if (rows[index + 1]?.startsWith('| :--') || rows[index + 1]?.startsWith('| --:')) columns = cells[index] as number;
      assert.equal(cells[index], columns, row);
    }
  }
});

const wide = (rows: number, text = 'value'): Manifest => ({
  ...promoted,
  records: promoted.records.map((each) =>
    each.stage === 'validate-data'
      ? {
          ...each,
          tables: [
            {
              name: 'big',
              title: 'Big',
              columns: ['a', 'b'],
              rows: Array.from({ length: rows }, (_, index) => [`${text} ${index}`, index]),
              total: 50_000,
            },
          ],
        }
      : each,
  ),
});

test('report.md: bounded, it shrinks in steps, keeps the verdict, cuts between rows and names the full report', () => {
  for (const bytesMax of [COMMENT_BYTES_MAX, 30_000, 8_000, 4_000, 2_000, 600]) {
    const markdown = reportMarkdown(wide(1_000, 'a rather long value, so that the table is large '.repeat(3)), {
      bytesMax,
      fullReport: 'https://example.org/report',
    });
    assert.ok(Buffer.byteLength(markdown) <= bytesMax, `${Buffer.byteLength(markdown)} > ${bytesMax}`);
    assert.match(markdown, /^## ✅ churn: promoted\n\n\*\*Version 3/);
    assert.match(markdown, /in the full report: \[.*\]\(https:\/\/example\.org\/report\)/, String(bytesMax));
    if (bytesMax >= 8_000) assert.match(markdown, /\| ✓ passed \| auc_roc/);
    assert.equal(markdown.match(/<details>/g)?.length, markdown.match(/<\/details>/g)?.length);
  }
  assert.match(reportMarkdown(wide(1_000), { bytesMax: COMMENT_BYTES_MAX }), /_1,000 of 50,000 rows\._|_40 of 50,000 rows\._/);
});

test('report.md: the bound counts bytes, and holds for any text', () => {
  for (const bytesMax of [20_000, 3_000, 1_200, 300, 60]) {
    const markdown = reportMarkdown(
      { ...wide(200, '价'.repeat(100)), reason: { code: 'x', text: '格'.repeat(1_000) }, outcome: 'refused' },
      { bytesMax },
    );
    assert.ok(Buffer.byteLength(markdown) <= bytesMax, `${Buffer.byteLength(markdown)} > ${bytesMax}`);
    assert.match(markdown, /^## ❌ churn: refused\n/);
  }
});

test('report.md: a summary of a huge record stays within what a job summary holds', () => {
  const text = jobSummary(wide(1_000, '价'.repeat(2_000)));
  assert.ok(Buffer.byteLength(text) <= 1_000_000);
});

test('summary: one line for lists', () => {
  assert.equal(oneLineSummary(skipped), 'churn: skipped. Code, configuration and data are the same as version 1.');
});

test('report.md: the same records give the same bytes', () => {
  assert.equal(reportMarkdown(promoted), reportMarkdown(structuredClone(promoted)));
});
