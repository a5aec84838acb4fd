import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { defineStage } from '../../src/kernel/stage.ts';
import { passed } from '../../src/kernel/verdict.ts';
import { filesOf } from '../../tools/generate/files.ts';
import { stages } from '../pipeline/stages.ts';

const none = () => undefined;
const stage = (name: string, inputs: Record<string, z.ZodType>, summary = 'Does.', outputs: Record<string, string> = {}) =>
  defineStage({ name, summary, inputs, outputs, needs: {}, run: async () => ({ verdict: passed, found: '' }) });

test('from the stages come the schemas, the reference, and a page and an action for each stage', () => {
  assert.deepEqual([...filesOf(stages, none).keys()].sort(), [
    ...['package.json', ...Object.keys(stages).flatMap((name) => ['README.md', 'action.yml', 'index.js'].map((file) => `${name}/${file}`))]
      .map((path) => `actions/${path}`)
      .sort(),
    'docs/pipeline-file.md',
    ...Object.keys(stages)
      .map((name) => `docs/stages/${name}.md`)
      .sort(),
    'schema/manifest.schema.json',
    'schema/pipeline.schema.json',
    'schema/record.schema.json',
    'schema/trainer-job.schema.json',
  ]);
});

test('the reference has every key with type, default and description', () => {
  const page = filesOf(stages, none).get('docs/pipeline-file.md')!;
  assert.match(page, /^\| `run\.timeout` \| a duration \| `6h` \| Longest time for one attempt of one stage\. \|$/m);
  assert.match(page, /^\| `source` \| text \| required \| Path, glob or URI of the data\. \|$/m);
  assert.match(page, /^\| `target\.positive` \| text, or a number, or true or false \|/m);
  assert.match(page, /^\| `rules\.NAME\.min` \| a number \| {2}\| Smallest value\. Absent: none\. \|$/m);
});

test('what somebody wrote around the tables of a page stays; a page without their marks is refused', () => {
  const path = 'docs/stages/drift.md';
  const first = filesOf(stages, none).get(path)!;
  assert.match(first, /In a run it comes from `fetch-data\.data`/);
  const prose = `${first.replace('# drift', '# Drift, told well').replace('| `threshold` |', '| `old` |')}\n## When to use it\n`;
  const again = filesOf(stages, (asked) => (asked === path ? prose : undefined)).get(path)!;
  assert.equal(again, prose.replace('| `old` |', '| `threshold` |'));
  assert.throws(
    () => filesOf(stages, (asked) => (asked === path ? '# Drift\n' : undefined)),
    /docs\/stages\/drift\.md: expected the marks/,
  );
});

test('an action: inputs without defaults, outputs, and a stub that starts the bundle, told where Retrain lies', () => {
  const files = filesOf(stages, none);
  const action = parse(files.get('actions/drift/action.yml')!);
  assert.deepEqual(action.runs, { using: 'node24', main: 'index.js' });
  assert.deepEqual(Object.keys(action.inputs), [
    'pipeline',
    'overrides',
    'run-id',
    'logical-date',
    'force',
    'current',
    'reference',
    'threshold',
    'on-drift',
    'columns',
    'name',
    'owner',
    'store',
    'registry',
    'google',
    'run',
    'home',
  ]);
  for (const input of Object.values<Record<string, unknown>>(action.inputs)) {
    assert.equal('default' in input, false, 'a default would count as said by the user');
    assert.notEqual(input.description, '');
  }
  assert.match(action.inputs.threshold.description, /\(a share\) Default: 0\.5\.$/);
  assert.match(action.inputs.columns.description, /as YAML text/);
  assert.deepEqual(Object.keys(action.outputs), ['drifted', 'share', 'outcome', 'verdict', 'reason', 'record', 'run-id', 'run-folder']);
  assert.equal(
    files.get('actions/drift/index.js')!.split('\n')[1],
    "require('../dist/index.js').runAction('drift', __dirname + '/../..');",
  );
  assert.ok(files.has('actions/drift/README.md'));
});

test('nothing is generated from a stage that does not say what it is', () => {
  const refuses = (bad: ReturnType<typeof stage>, message: RegExp) => assert.throws(() => filesOf({ [bad.name]: bad }, none), message);
  refuses(stage('a', {}, ' '), /a: no summary/);
  refuses(stage('a', {}, 'Does.', { x: '' }), /a: output x has no description/);
  refuses(stage('a', { x: z.string() }), /a: input x has no description/);
  refuses(stage('a', { x: z.string().optional().describe('X.') }), /a: input x is optional, without a default/);
  refuses(stage('a', { task: z.string().describe('Task.') }), /a: input task has the name of a shared key/);
  refuses(stage('a', { maxDepth: z.string().describe('X.') }), /a: input maxDepth: names are lower case/);
});
