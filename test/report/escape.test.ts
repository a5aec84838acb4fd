import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html, legible, markdownBlock, markdownCell, markdownCode, markdownLink, markdownText } from '../../src/report/escape.ts';
import { HOSTILE } from './fixtures.ts';

const JOINER = '\u2060';

test('legible: what hides or turns text becomes visible, other scripts stay', () => {
  assert.equal(legible('a\u202eb\x1b[31mc\0d\u200be\ud800'), 'a\\u202eb\\u001b[31mc\\u0000d\\u200be\ufffd');
  assert.equal(legible('two\r\nlines\tand tab'), 'two\nlines\tand tab');
  assert.equal(legible('Größe 价格 שלום 👨‍👩‍👧'), 'Größe 价格 שלום 👨‍👩‍👧');
});

test('Markdown text: nothing pings, refers, links, loads or breaks the table', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['@everyone', `@${JOINER}everyone`],
    ['#1', `#${JOINER}1`],
    ['o/r#3', `o/r#${JOINER}3`],
    ['GH-2', `GH-${JOINER}2`],
    ['![](http://x)', `!\\[\\](http:${JOINER}//x)`],
    ['www.x.org', `www${JOINER}.x.org`],
    ['a@b.org', `a@${JOINER}b.org`],
    ['</details>', '&lt;/details>'],
    ['&#64;here', '&amp;#64;here'.replace('#6', `#${JOINER}6`)],
    ['a|b', 'a\\|b'],
    ['`code`', '\\`code\\`'],
    ['*b* _i_ ~s~ $x$', '\\*b\\* \\_i\\_ \\~s\\~ \\$x\\$'],
    ['auc_roc', 'auc_roc'],
    ['__proto__', '\\_\\_proto\\_\\_'],
    ['a\\b', 'a\\\\b'],
    ['two\nlines', 'two lines'],
  ];
  for (const [text, expected] of cases) {
    assert.equal(markdownCell(text), expected);
    assert.equal(markdownText(text), expected);
  }
});

test('Markdown text: no heading, list or quote begins, figures stay as they are', () => {
  assert.equal(markdownText('# heading'), '\\# heading');
  assert.equal(markdownText('- item'), '\\- item');
  assert.equal(markdownText('1. item'), '1\\. item');
  assert.equal(markdownText('> quote'), '\\> quote');
  assert.equal(markdownText('---'), '\\---');
  assert.equal(markdownText('0.843 [0.821, 0.864]'), '0.843 \\[0.821, 0.864\\]');
  assert.equal(markdownText('2026-11-21 (n = 5)'), '2026-11-21 (n = 5)');
});

test('Markdown code: the fence is longer than any run within, pipes are safe in tables', () => {
  assert.equal(markdownCode('plain'), '`plain`');
  assert.equal(markdownCode('a `b` c'), '``a `b` c``');
  assert.equal(markdownCode('`b'), '`` `b ``');
  assert.equal(markdownCode('a|b', true), '`a\\|b`');
  assert.equal(markdownBlock('```\nx', 'sh"x'), '````shx\n```\nx\n````');
});

test('Markdown link: only to the web, and no sign of the address ends it', () => {
  assert.equal(markdownLink('Run', 'https://example.org/a?b=1'), '[Run](https://example.org/a?b=1)');
  assert.equal(markdownLink('Run', 'javascript:alert(1)'), 'Run');
  assert.equal(markdownLink('x](http://evil)', 'https://example.org/a)(b'), `[x\\](http:${JOINER}//evil)](https://example.org/a%29%28b)`);
});

test('HTML: every hostile text keeps no sign that could open anything', () => {
  for (const text of HOSTILE) assert.doesNotMatch(html(text), /[<>"'`\0\u202e]|&(?!#\d+;)/);
  assert.equal(html('a < b & "c"'), 'a &#60; b &#38; &#34;c&#34;');
});
