import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { defineStage } from '../../src/kernel/stage.ts';
import { passed } from '../../src/kernel/verdict.ts';
import { filesOf } from '../../tools/generate/files.ts';
import { captureProgram, root } from '../../tools/process.ts';
import { repositoryName } from '../../tools/workflows/repository.ts';
import { stages } from '../pipeline/stages.ts';

const unnamed = { existing: () => undefined, repository: 'acme/retrain' };
const stage = (name: string, inputs: Record<string, z.ZodType>, summary = 'Does.', outputs: Record<string, string> = {}) =>
  defineStage({ name, summary, inputs, outputs, needs: {}, run: async () => ({ verdict: passed, found: '' }) });

test('from the stages come the schemas, the reference, and a page and an action for each stage', () => {
  assert.deepEqual([...filesOf(stages, unnamed).keys()].sort(), [
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
  const page = filesOf(stages, unnamed).get('docs/pipeline-file.md')!;
  assert.match(page, /^\| `run\.timeout` \| a duration \| `6h` \| Longest time for one attempt of one stage\. \|$/m);
  assert.match(page, /^\| `source` \| text \| required \| Path, glob or URI of the data\. \|$/m);
  assert.match(page, /^\| `target\.positive` \| text, or a number, or true or false \|/m);
  assert.match(page, /^\| `rules\.NAME\.min` \| a number \| {2}\| Smallest value\. Absent: none\. \|$/m);
});

test('what somebody wrote around the tables of a page stays; a page without their marks is refused', () => {
  const path = 'docs/stages/drift.md';
  const first = filesOf(stages, unnamed).get(path)!;
  assert.match(first, /In a run it comes from `fetch-data\.data`/);
  const prose = `${first.replace('# drift', '# Drift, told well').replace('| `threshold` |', '| `old` |')}\n## When to use it\n`;
  const again = filesOf(stages, { ...unnamed, existing: (asked) => (asked === path ? prose : undefined) }).get(path)!;
  assert.equal(again, prose.replace('| `old` |', '| `threshold` |'));
  assert.throws(
    () => filesOf(stages, { ...unnamed, existing: (asked) => (asked === path ? '# Drift\n' : undefined) }),
    /docs\/stages\/drift\.md: expected the marks/,
  );
});

test('an action: inputs without defaults, outputs, and a stub that starts the bundle, told where Retrain lies', () => {
  const files = filesOf(stages, unnamed);
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
  const refuses = (bad: ReturnType<typeof stage>, message: RegExp) => assert.throws(() => filesOf({ [bad.name]: bad }, unnamed), message);
  refuses(stage('a', {}, ' '), /a: no summary/);
  refuses(stage('a', {}, 'Does.', { x: '' }), /a: output x has no description/);
  refuses(stage('a', { x: z.string() }), /a: input x has no description/);
  refuses(stage('a', { x: z.string().optional().describe('X.') }), /a: input x is optional, without a default/);
  refuses(stage('a', { task: z.string().describe('Task.') }), /a: input task has the name of a shared key/);
  refuses(stage('a', { maxDepth: z.string().describe('X.') }), /a: input maxDepth: names are lower case/);
});

test('the repository is named in one place: with another name in package.json no file of the clone has the old one', async (context) => {
  const copy = mkdtempSync(join(tmpdir(), 'retrain-named-'));
  context.after(() => rmSync(copy, { recursive: true, force: true }));
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  const shown = tracked.filter((path) => !/^(?:src|trainers|test|tools)\//.test(path) && existsSync(join(root, path)));
  for (const path of [...shown, ...tracked.filter((path) => /^(?:src|tools)\//.test(path))]) cpSync(join(root, path), join(copy, path));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const old = repositoryName();
  const named = 'octo-corp/Train_again.v2';
  const file = join(copy, 'package.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(`github:${old}`, `github:${named}`));
  const generate = (...args: string[]) => captureProgram(process.execPath, [join(copy, 'tools', 'generate.ts'), ...args], { cwd: copy });
  assert.notEqual((await generate('--check')).code, 0);
  assert.equal((await generate()).code, 0);
  assert.equal((await generate('--check')).code, 0);
  const holding = shown.filter((path) => readFileSync(join(copy, path), 'latin1').includes(old));
  assert.deepEqual(holding, []);
  assert.match(
    readFileSync(join(copy, 'docs', 'github.md'), 'utf8'),
    /uses: octo-corp\/Train_again\.v2\/\.github\/workflows\/retrain\.yml@v1/,
  );
  assert.match(readFileSync(join(copy, 'schema', 'record.schema.json'), 'utf8'), /octo-corp\/Train_again\.v2\/v1\/schema\/record/);
});

test('in the sources nothing names the repository', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const name of sources) assert.equal(readFileSync(join(root, 'src', name), 'utf8').includes(repositoryName()), false, name);
});
