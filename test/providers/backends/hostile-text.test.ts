import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defused, LINE_CHARS_MAX, Lines } from '../../../src/providers/backends/hostile-text.ts';

test('no line acts on a runner or a terminal any more', () => {
  for (const [hostile, harmless] of [
    ['::error::x', ': :error::x'],
    [' \t\u00a0::error::x', ' \u00a0: :error::x'],
    ['\x1b[31m::error::x\x1b[0m', ': :error::x'],
    ['\u200b::error::x', ': :error::x'],
    ['a ##[error]x ##[group]', 'a # #[error]x # #[group]'],
    ['###[error]', '## #[error]'],
    ['#\x00#[error]', '# #[error]'],
    ['##vso[task.complete]', '# #vso[task.complete]'],
    ['\x1b]8;;http://x\x07text\x1b]8;;\x1b\\ \u202eabc\u2066', 'text abc'],
    ['a::b ## [x] # #', 'a::b ## [x] # #'],
    ['Ünïcode 漢字 🎉', 'Ünïcode 漢字 🎉'],
  ] as const) {
    assert.equal(defused(hostile).replace('\t', ''), harmless);
    assert.equal(defused(defused(hostile)), defused(hostile));
  }
});

test('lines are put together across writes, ended by either return, cut when endless', () => {
  const found: string[] = [];
  const lines = new Lines((line) => found.push(line));
  const bytes = Buffer.from('one\rtwo\r\nthré');
  for (const byte of bytes) lines.add(Uint8Array.of(byte));
  lines.add(Buffer.from(`e\n${'x'.repeat(LINE_CHARS_MAX)}`));
  lines.add(Buffer.from('yyy'));
  lines.end();
  assert.deepEqual(found.slice(0, 3), ['one', 'two', 'thrée']);
  assert.equal(found[3], `${'x'.repeat(LINE_CHARS_MAX)} … (line cut)`);
  assert.equal(found.length, 4);
});
