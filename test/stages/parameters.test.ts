import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parametersOf } from '../../src/stages/train/choose-algorithms.ts';

const properties = {
  template: { type: ['string', 'null'] },
  rate: { type: 'number', minimum: 0 },
  rank: { type: 'integer', maximum: 64 },
  tuning: { type: 'string', enum: ['auto', 'lora'] },
  odd: { enum: 'no list', type: 7 },
  any: true,
  own: { type: 'float' },
  unset: { type: 'integer', default: null },
  nullable: { type: 'integer', nullable: true },
  listed: { type: 'string', enum: ['a', null] },
  none: { enum: [] },
};
const algorithm = { name: 't5', tasks: ['text-to-sql'], parameters: { type: 'object', properties } };
const given = (params: Record<string, unknown>) => parametersOf({ task: 'text-to-sql', params }, algorithm as never, 1);

test('parameters that break the type, enum or bounds their trainer tells are refused before a job is started', () => {
  const refused = (params: Record<string, unknown>, message: string, more = {}) =>
    assert.throws(() => given(params), { code: 'bad-parameter', message: `train.params: ${message}`, ...more });
  refused({ template: { question: null } }, 'template: expected string or null, found {"question":null}.', {
    todo: 'In YAML a text with braces stands in quotes.',
  });
  refused({ rate: '5e-5' }, 'rate: expected number, found "5e-5".');
  refused({ rate: -1 }, 'rate: expected at least 0, found -1.');
  refused({ rank: 1.5 }, 'rank: expected integer, found 1.5.');
  refused({ rank: 65 }, 'rank: expected at most 64, found 65.');
  refused({ tuning: 'lorra' }, 'tuning: expected one of auto, lora, found "lorra".');
});

test('parameters that fit pass as they are, and what a trainer says in another form is left to the trainer', () => {
  for (const params of [
    { template: null },
    { template: '{q}' },
    { rate: 0 },
    { rate: 5e-5 },
    { rank: 64 },
    { tuning: 'lora' },
    { odd: 1 },
    { any: [] },
    { own: 0.5 },
    { unset: null },
    { nullable: null },
    { listed: null },
    { none: 1 },
  ])
    assert.deepEqual(given(params), params);
});
