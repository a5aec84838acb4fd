import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { problemLine } from '../../src/kernel/errors.ts';
import { resolve } from '../../src/pipeline/resolve.ts';
import { pipelineSchema, schemaFaults } from '../../src/pipeline/schema.ts';
import { catalogued } from '../../tools/generate/files.ts';

const root = dirname(dirname(import.meta.dirname));
const stages = await catalogued();
const schema = pipelineSchema(stages);

test('every key of every stage says what it is, and what it is when left out', () => {
  assert.deepEqual(schemaFaults(schema), []);
});

test('the published schema is a strict draft 2020-12 schema, and each example is right by it and by check', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  const examples = globSync('examples/*/pipelines/*.yaml', { cwd: root });
  assert.ok(examples.length > 0);
  for (const name of examples) {
    const text = readFileSync(join(root, name), 'utf8');
    assert.equal(validate(parse(text)), true, `${name}: ${ajv.errorsText(validate.errors)}`);
    const resolution = resolve({ file: { name, text }, stages });
    assert.equal(resolution.kind, 'resolved', resolution.kind === 'invalid' ? resolution.problems.map(problemLine).join('\n') : name);
  }
});

test('what is resolved is plain data: it reads back from JSON as it was', () => {
  for (const name of globSync('examples/*/pipelines/*.yaml', { cwd: root })) {
    const resolution = resolve({ file: { name, text: readFileSync(join(root, name), 'utf8') }, stages });
    assert.ok(resolution.kind === 'resolved');
    assert.deepEqual(JSON.parse(JSON.stringify(resolution.resolved)), resolution.resolved);
  }
});
