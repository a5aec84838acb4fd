import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../../src/pipeline/resolve.ts';
import { churn, stages } from './stages.ts';

/** mulberry32, so that every run tries the same files. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PIECES = [
  ':',
  '{',
  '}',
  '[',
  ']',
  '- ',
  '\n',
  '\n  ',
  '"',
  "'",
  '#',
  '&a ',
  '*a',
  '!!str ',
  '|',
  '>',
  '? ',
  '%',
  '@',
  '`',
  '\t',
  ',',
  '---\n',
  '...\n',
  '<<: ',
  'null',
  '~',
  '.inf',
  '0o7',
  '\u0000',
  '\u2028',
  'é',
  '💥',
];

test('no damage to a file makes resolve throw: it resolves, or says what is wrong and in which line', () => {
  const random = generator(20_261_121);
  const pick = (count: number) => Math.floor(random() * count);
  const kinds = { resolved: 0, invalid: 0 };
  for (let round = 0; round < 1_500; round += 1) {
    let text = churn;
    for (let edits = 1 + pick(3); edits > 0; edits -= 1) {
      const at = pick(text.length + 1);
      const cut = random() < 0.5 ? pick(12) : 0;
      text = text.slice(0, at) + (random() < 0.7 ? PIECES[pick(PIECES.length)] : '') + text.slice(at + cut);
    }
    const resolution = resolve({ file: { name: 'p.yaml', text }, stages });
    kinds[resolution.kind] += 1;
    if (resolution.kind === 'resolved') {
      assert.deepEqual(JSON.parse(JSON.stringify(resolution.resolved)), resolution.resolved, text);
      continue;
    }
    assert.ok(resolution.problems.length > 0, text);
    for (const { message, file, line } of resolution.problems) {
      assert.match(message, /\S.*[.)]|not YAML/, text);
      assert.equal(file, 'p.yaml', text);
      assert.ok(line !== undefined && line >= 1 && line <= text.split('\n').length, `${line} of\n${text}`);
    }
  }
  assert.ok(kinds.resolved > 50 && kinds.invalid > 50, JSON.stringify(kinds));
});

test('no text given by --set or with: makes resolve throw', () => {
  const random = generator(7);
  const keys = [
    'threshold',
    'columns',
    'on-drift',
    'current',
    'name',
    'run.timeout',
    'columns.0',
    'run',
    'drift',
    'drift.threshold',
    'a"b',
    '__proto__',
    'constructor',
    'run.__proto__.x',
    'toString',
  ];
  for (let round = 0; round < 1_000; round += 1) {
    const text = Array.from({ length: 1 + Math.floor(random() * 4) }, () => PIECES[Math.floor(random() * PIECES.length)]).join('a');
    const key = keys[Math.floor(random() * keys.length)]!;
    const given = { current: 'x', [key]: text };
    const resolution = resolve({ only: 'drift', with: given, sets: [`${key}=${text}`], stages });
    if (resolution.kind === 'invalid') assert.ok(resolution.problems.every(({ message }) => message.length > 0));
    assert.equal(({} as Record<string, unknown>).x, undefined);
  }
});
