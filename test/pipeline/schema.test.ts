import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { z } from 'zod';
import { wired } from '../../src/kernel/inputs.ts';
import { defineStage } from '../../src/kernel/stage.ts';
import { resolve } from '../../src/pipeline/resolve.ts';
import { pipelineSchema, schemaFaults } from '../../src/pipeline/schema.ts';
import { churn, stages } from './stages.ts';

const schema = pipelineSchema(stages);
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
formats.default(ajv);
const validate = ajv.compile(schema);

test('every key has a description, every optional key a default or a word on its absence, no mapping takes unknown keys', () => {
  assert.deepEqual(schemaFaults(schema), []);
});

test('the walk finds what is missing, however deep', () => {
  const stage = (inputs: Record<string, z.ZodType>) => ({
    bad: defineStage({
      name: 'bad',
      summary: 'Bad.',
      inputs,
      outputs: {},
      needs: {},
      run: async () => ({ verdict: { kind: 'passed' }, found: '' }),
    }),
  });
  const faults = (inputs: Record<string, z.ZodType>) => schemaFaults(pipelineSchema(stage(inputs)));
  assert.deepEqual(faults({ a: z.string() }), ['bad.a: no description']);
  assert.deepEqual(faults({ a: z.string().optional().describe('A.') }), [
    'bad.a: optional, but neither a default (for a transformed value: prefault) nor a word on what it means when absent',
  ]);
  const inside = z.strictObject({ b: z.int().default(1) });
  assert.deepEqual(faults({ a: z.union([z.string(), inside]).describe('A.') }), ['bad.a.b: no description']);
  assert.deepEqual(faults({ a: z.record(z.string(), inside).describe('A.') }), ['bad.a.<name>.b: no description']);
  assert.deepEqual(faults({ a: z.array(inside).describe('A.') }), ['bad.a[].b: no description']);
  assert.deepEqual(faults({ a: z.looseObject({ b: z.int().describe('B.') }).describe('A.') }), ['bad.a: takes unknown keys']);
});

test('a section whose keys may all be left out may be left out; one with a required key may not', () => {
  assert.deepEqual([...(schema.required ?? [])].sort(), ['fetch-data', 'name', 'target', 'task', 'version']);
  assert.deepEqual(schema.properties?.drift?.default, {});
  assert.equal(schema.properties?.run?.properties?.timeout?.default, '6h');
});

test('what a run fills is no key of the file, unless it may be overridden', () => {
  assert.deepEqual(Object.keys(schema.properties?.drift?.properties ?? {}), ['reference', 'threshold', 'on-drift', 'columns']);
});

test('what a run fills and the file may override says who fills it', () => {
  const current = wired('fetch-data.data', z.string().describe('New data.'), { overridable: true });
  const schema = pipelineSchema({ a: { ...stages.notify!, name: 'a', inputs: { current } } });
  assert.equal(schema.properties?.a?.properties?.current?.description, 'New data. Absent in the file: it comes from `fetch-data.data`.');
  assert.deepEqual(schemaFaults(schema), []);
});

test('an alternative no file can hold is none', () => {
  const day = z.union([z.iso.date(), z.date()]).describe('Day.');
  const { properties } = pipelineSchema({ a: { ...stages.notify!, name: 'a', inputs: { day } } });
  assert.deepEqual(properties?.a?.properties?.day, {
    type: 'string',
    format: 'date',
    pattern: properties?.a?.properties?.day?.pattern,
    description: 'Day.',
  });
});

test('editors and check agree about good and bad files', () => {
  const minimal = 'version: 1\nname: x\ntask: regression\ntarget: y\nfetch-data: { source: a.csv }\n';
  const good = [
    churn,
    minimal,
    `${minimal}drift: { threshold: 0.3 }\n`,
    `${minimal}drift: { threshold: 12.5 %, columns: [a] }\n`,
    `${minimal}run: { timeout: 1h30m, retries: 0, seed: 7 }\n`,
    `${minimal}schedule: { cron: [0 2 * * 0, "@daily"], start: 2024-01-01 }\n`,
    `${minimal}tracker: [file, "file:x"]\nregistry: file:r\nenabled: false\n`,
    `${minimal}train: { params: { a: [1, { b: null }] } }\n`,
    `${minimal}validate-data: { rules: {} }\n`,
    minimal.replace('a.csv }', 'a.csv, window: { last: 30d } }'),
    minimal.replace('target: y', 'target: { column: y, positive: 1, classes: [0, 1] }'),
  ];
  const bad = [
    minimal.replace('version: 1', 'version: 2'),
    minimal.replace('version: 1', 'version: "1"'),
    minimal.replace('name: x', 'name: Not A Name'),
    minimal.replace('name: x\n', ''),
    minimal.replace('target: y\n', ''),
    minimal.replace('task: regression', 'task: guess'),
    minimal.replace('source: a.csv', 'sources: a.csv'),
    minimal.replace('source: a.csv', 'source: ""'),
    minimal.replace('fetch-data: { source: a.csv }', 'fetch-data:'),
    minimal.replace('target: y', 'target: { positive: 1 }'),
    minimal.replace('a.csv }', 'a.csv, window: { last: 30 } }'),
    minimal.replace('a.csv }', 'a.csv, window: some }'),
    `${minimal}drift:\n`,
    `${minimal}drift: { threshold: 30 }\n`,
    `${minimal}drift: { threshold: 101 % }\n`,
    `${minimal}drift: { current: a.csv }\n`,
    `${minimal}drift: { task: regression }\n`,
    `${minimal}drfit: {}\n`,
    `${minimal}run: { timeout: 6 }\n`,
    `${minimal}run: { timeout: "" }\n`,
    `${minimal}run: { retries: -1 }\n`,
    `${minimal}run: { retries: 1.5 }\n`,
    `${minimal}schedule: { start: soon }\n`,
    `${minimal}schedule: { catch-up: most }\n`,
    `${minimal}train: { trials: many }\n`,
    `${minimal}train: { params: [] }\n`,
    `${minimal}validate-data: { rules: { a: { mni: 0 } } }\n`,
    `${minimal}owner:\n`,
    `${minimal}enabled: yes\n`,
  ];
  const verdicts = (text: string) => ({
    text,
    check: resolve({ file: { name: 'p.yaml', text }, stages }).kind === 'resolved',
    editor: validate(parse(text)),
  });
  for (const text of good) assert.deepEqual(verdicts(text), { text, check: true, editor: true });
  for (const text of bad) assert.deepEqual(verdicts(text), { text, check: false, editor: false });
});
