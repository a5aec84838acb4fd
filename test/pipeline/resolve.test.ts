import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { problemLine } from '../../src/kernel/errors.ts';
import { wired } from '../../src/kernel/inputs.ts';
import type { StageDeclaration } from '../../src/pipeline/declaration.ts';
import { duration } from '../../src/pipeline/duration.ts';
import { completeInputs, type ResolveRequest, resolve } from '../../src/pipeline/resolve.ts';
import { configurationForKey, type Resolved, readResolved } from '../../src/pipeline/resolved.ts';
import { churn, stages } from './stages.ts';

const file = (text: string) => ({ name: 'churn.yaml', text });
function resolved(request: Omit<ResolveRequest, 'stages'>): Resolved {
  const resolution = resolve({ ...request, stages });
  assert.ok(resolution.kind === 'resolved', JSON.stringify(resolution));
  return resolution.resolved;
}
function refused(request: Omit<ResolveRequest, 'stages'>): string[] {
  const resolution = resolve({ ...request, stages });
  assert.ok(resolution.kind === 'invalid', JSON.stringify(resolution));
  return resolution.problems.map((problem) => problemLine(problem).trim());
}

test('a file of what is special about a model gives each stage all it needs', () => {
  const { shared, stages: all, origins, file: name } = resolved({ file: file(churn) });
  assert.equal(name, 'churn.yaml');
  assert.deepEqual(Object.keys(all), Object.keys(stages));
  assert.deepEqual(shared.target, { column: 'Churn', positive: 'Yes' });
  assert.equal(origins['run.retries'], 'default');
  assert.deepEqual(all.drift, {
    inputs: { threshold: 0.3, 'on-drift': 'continue', name: 'churn' },
    origins: { threshold: 'file', 'on-drift': 'default', name: 'file' },
  });
  assert.deepEqual(all.train?.inputs, {
    task: 'classification',
    target: { column: 'Churn', positive: 'Yes' },
    key: 'customerID',
    trainer: 'tabular',
    trials: 20,
    params: {},
  });
});

test('later wins: default < file < override < set < with; and each value knows who said it', () => {
  const text = `${churn}train: { trials: 5, params: { a: 1, b: 1, c: 1 } }\n`;
  const overrides = '{"train": {"trials": 6, "params": {"b": 2, "c": 2}}}';
  const all = resolved({ file: file(text), overrides, sets: ['train.params.c=3', 'train.trials=7'] }).stages.train!;
  assert.deepEqual(all.inputs.params, { a: 1, b: 2, c: 3 });
  assert.equal(all.inputs.trials, 7);
  assert.deepEqual(
    ['params.a', 'params.b', 'params.c', 'trials', 'trainer', 'target.column'].map((path) => all.origins[path]),
    ['file', 'override', 'set', 'set', 'default', 'file'],
  );
  const one = resolved({ file: file(text), only: 'train', sets: ['trials=7'], with: { trials: '8' } }).stages;
  assert.deepEqual(Object.keys(one), ['train']);
  assert.equal(one.train?.inputs.trials, 8);
  assert.equal(one.train?.origins.trials, 'with');
});

test('mappings merge, lists and texts are replaced, an empty value brings the default back', () => {
  const text = `${churn}  columns: [a, b]\n`;
  const drift = (request: Partial<ResolveRequest>) => resolved({ file: file(text), ...request }).stages.drift!.inputs;
  assert.deepEqual(drift({ overrides: '{"drift": {"columns": ["c"]}}' }).columns, ['c']);
  assert.equal(drift({ overrides: '{"drift": {"threshold": null}}' }).threshold, 0.5);
  assert.equal(drift({ sets: ['drift.threshold='] }).threshold, 0.5);
  assert.equal(resolved({ file: file(text), overrides: '{"target": "y"}' }).origins['target.column'], 'override');
});

test('every problem at once, each with its place, what was expected, what was found and the nearest key', () => {
  const text = `version: 2
name: churn
ownr: growth-team
task: clasification
target: { column: Churn, positive: maybe, classes: ["Yes", "No"] }
key:

fetch-data:
  sources: data/*.csv
  window: { lst: 30d }
validate-data:
  rules:
    tenure: { typ: integer, min: low }
drift: { threshold: 30, on-drift: stop }
train:
  task: regression
  parts: here
  trials: 0
tran: {}
threshold: 0.3
run: { timeout: 6, retries: 1.5 }
schedule: { cron: "0 2 * *", timezone: Berlin }
`;
  assert.deepEqual(refused({ file: file(text) }), [
    'churn.yaml:1:1: version: expected 1, found 2.',
    'churn.yaml:3:1: ownr: unknown key. Did you mean "owner"?',
    `churn.yaml:4:1: task: expected one of classification, regression, text-classification, ner, forecast, anomaly, ranking, embedding, text-to-sql, api, found "clasification". Did you mean "classification"?`,
    'churn.yaml:5:26: target.positive: expected one of the classes (Yes, No), found "maybe".',
    'churn.yaml:6:1: key: expected text, found an empty value (leave the key out for its default).',
    'churn.yaml:8:1: fetch-data.source: required: expected text, found nothing. (Path, glob or URI of the data.)',
    'churn.yaml:9:3: fetch-data.sources: unknown key. Did you mean "source"?',
    'churn.yaml:10:3: fetch-data.window.last: expected a duration such as 30d, 6h, 1h30m, 5m or 90s, found nothing.',
    'churn.yaml:10:13: fetch-data.window.lst: unknown key. Did you mean "last"?',
    'churn.yaml:13:15: validate-data.rules.tenure.typ: unknown key. Did you mean "type"?',
    'churn.yaml:13:29: validate-data.rules.tenure.min: expected a number, found "low".',
    'churn.yaml:14:10: drift.threshold: expected a share from 0 to 1, or from 0 % to 100 %, found 30.',
    'churn.yaml:14:25: drift.on-drift: expected one of continue, fail, found "stop".',
    'churn.yaml:16:3: train.task: unknown key. It stands at the top of the file, for all stages.',
    'churn.yaml:17:3: train.parts: unknown key. A run fills it from prepare-data.parts; it can be given only when train runs alone.',
    'churn.yaml:18:3: train.trials: expected a whole number of at least 1, found 0.',
    'churn.yaml:19:1: tran: unknown key. Did you mean "train"?',
    'churn.yaml:20:1: threshold: unknown key. It is a key of drift: write it there.',
    'churn.yaml:21:8: run.timeout: expected a duration such as 30d, 6h, 1h30m, 5m or 90s, found 6.',
    'churn.yaml:21:20: run.retries: expected a whole number from 0 to 100, found 1.5.',
    'churn.yaml:22:13: schedule.cron: expected five fields (minute, hour, day, month, weekday), found 4 in "0 2 * *".',
    'churn.yaml:22:30: schedule.timezone: expected a time zone of the IANA database, e.g. Europe/Berlin, found "Berlin".',
  ]);
});

test('what stages need and nobody said is missing by name', () => {
  assert.deepEqual(refused({ file: file('version: 1\nname: x\ntask: regression\n') }), [
    'churn.yaml:1:1: target: required: expected text, or a mapping, found nothing. (Column to predict: its name, or a mapping that says more. Absent only for tasks without one.)',
    'churn.yaml:1:1: fetch-data.source: required: expected text, found nothing. (Path, glob or URI of the data.)',
  ]);
});

test('what overrides, --set and with: say wrongly is told as theirs', () => {
  assert.deepEqual(
    refused({
      file: file(churn),
      overrides: '{"train": {"trails": 3}}',
      sets: ['drift.treshold=0.3', 'train.trials', 'a..b=3', 'drift.columns=[a'],
    }),
    [
      '--set: expected KEY=VALUE, found "train.trials".',
      '--set: expected a dotted key, found "a..b".',
      '--set: drift.columns: not YAML: flow sequence must end with a ]',
      '--set: drift.treshold: unknown key. Did you mean "threshold"?',
      'overrides:1:12: train.trails: unknown key. Did you mean "trials"?',
    ],
  );
  assert.deepEqual(refused({ file: file(`${churn}  columns: [a, b]\n`), sets: ['drift.columns=[{}]'] }), [
    '--set: drift.columns.0: expected text, found a mapping.',
  ]);
  assert.match(refused({ file: file(churn), overrides: '{"train": ' })[0]!, /^overrides: expected JSON/);
});

test('a stage alone needs no file: its inputs are all there is', () => {
  const {
    stages: all,
    shared,
    only,
  } = resolved({ only: 'drift', with: { current: 'a.csv', threshold: '20 %', columns: '[a, b]', 'on-drift': '', name: 'churn' } });
  assert.equal(only, 'drift');
  assert.deepEqual(all.drift?.inputs, { name: 'churn', current: 'a.csv', threshold: 0.2, columns: ['a', 'b'], 'on-drift': 'continue' });
  assert.equal(shared.name, 'churn');
  assert.equal('task' in shared, false);
  assert.deepEqual(resolved({ only: 'drift', sets: ['current=a.csv', 'drift.reference=b.csv'] }).stages.drift?.inputs.reference, 'b.csv');
});

test('alone, what a run would fill is required, and keys the stage does not read are refused', () => {
  assert.deepEqual(refused({ only: 'drift', with: { curent: 'a.csv', task: 'regression', source: 'x', columns: '[a' } }), [
    'with: columns: not YAML: flow sequence must end with a ]',
    'with: current: required: expected text, found nothing. (New data.)',
    'with: curent: unknown key. Did you mean "current"?',
    'with: source: unknown key. Known here: current, reference, threshold, on-drift, columns.',
    'with: task: unknown key. drift does not read it; of the shared keys it reads name, owner, store, registry, google, run, home.',
  ]);
  assert.deepEqual(refused({}), ['expected a pipeline file, found none; only a single stage runs without one (--only STAGE).']);
  assert.deepEqual(refused({ only: 'drft' }), ['there is no stage "drft". Did you mean "drift"?']);
});

test('with: texts mean what the key takes: text as it is, else YAML 1.2', () => {
  const train = (given: Record<string, string>) =>
    resolved({ only: 'train', with: { task: 'regression', target: 'y', parts: 'p', ...given } }).stages.train!.inputs;
  assert.equal(train({ trainer: '12' }).trainer, '12');
  assert.equal(train({ trainer: '#tabular: [x' }).trainer, '#tabular: [x');
  assert.equal(train({ trainer: '"quoted" #1' }).trainer, '"quoted" #1');
  assert.equal(train({ trials: '7' }).trials, 7);
  assert.deepEqual(train({ target: '{column: y, positive: 1}' }).target, { column: 'y', positive: '1' });
  assert.deepEqual(train({ target: 'column: y\npositive: "Yes"\n' }).target, { column: 'y', positive: 'Yes' });
  assert.deepEqual(train({ target: '2020' }).target, { column: '2020' });
  assert.deepEqual(train({ params: 'a: yes\nb: true\n' }).params, { a: 'yes', b: true });
  assert.deepEqual(train({ 'params.depth': '3' }).params, { depth: 3 });
  assert.equal(train({ key: '' }).key, undefined);
});

test('a rule over several inputs is asked with the rest, and not about what the run fills later', () => {
  assert.deepEqual(refused({ file: file(`${churn}  columns: []\n`) }), [
    'churn.yaml:16:3: drift.columns: expected at least one column, or no such key.',
  ]);
  const picky: StageDeclaration = {
    ...stages.drift!,
    check: (inputs) => [
      { path: 'current', message: 'expected another.' },
      { path: 'threshold', message: `expected more than ${String((inputs as { threshold: number }).threshold)}.` },
    ],
  };
  const resolution = resolve({ file: file(churn), stages: { ...stages, drift: picky } });
  assert.ok(resolution.kind === 'invalid');
  assert.deepEqual(resolution.problems.map(problemLine), ['  churn.yaml:15:3: drift.threshold: expected more than 0.3.']);
});

test('what earlier stages fill is checked when it is filled; what the user gave wins', () => {
  const drift = stages.drift!;
  const { inputs } = resolved({ file: file(churn) }).stages.drift!;
  const complete = completeInputs(drift, inputs, { current: 'new.csv', reference: 'profile.json' });
  assert.deepEqual(complete, { kind: 'complete', inputs: { ...inputs, current: 'new.csv', reference: 'profile.json' } });
  const missing = completeInputs(drift, inputs, {});
  assert.ok(missing.kind === 'invalid');
  assert.deepEqual(missing.problems.map(problemLine), ['  current: required: expected text, found nothing. (New data.)']);

  const own = resolved({ file: file(`${churn}  reference: mine.csv\n`) }).stages.drift!.inputs;
  assert.deepEqual(completeInputs(drift, own, { current: 'new.csv', reference: 'profile.json' }), {
    kind: 'complete',
    inputs: { ...own, current: 'new.csv', reference: 'mine.csv' },
  });
  const neighbour = { ...drift, inputs: { wait: wired('config.run.timeout', duration().describe('Wait.')) } };
  assert.deepEqual(completeInputs(neighbour, {}, { wait: 300 }), { kind: 'complete', inputs: { wait: 300 } });
  const rule = { ...drift, inputs: { a: wired('x.y', z.int().describe('A.')) }, check: () => [{ path: 'a', message: 'no.' }] };
  assert.deepEqual(completeInputs(rule, {}, { a: 1 }), { kind: 'invalid', problems: [{ path: 'a', message: 'no.' }] });
});

test('problems of schemas that other rooms wrote are told in the same words', () => {
  const inputs = {
    test: z
      .union([z.number(), z.string().regex(/%$/, 'Expected a fraction such as 0.2.')])
      .pipe(z.any())
      .describe('Share.'),
    few: z.union([z.number().max(1), z.array(z.string()).min(1)]).describe('Few.'),
    rule: z.string().check((context) => {
      context.issues.push({ code: 'custom', message: 'Not a pattern', input: context.value });
    }),
  };
  const stage: StageDeclaration = { ...stages.notify!, name: 'a', inputs };
  const resolution = resolve({ only: 'a', with: { test: '>= x', few: '2', rule: 'y' }, stages: { a: stage } });
  assert.ok(resolution.kind === 'invalid');
  assert.deepEqual(
    resolution.problems.map(({ path, message }) => `${path}: ${message}`),
    ['test: expected a fraction such as 0.2, found ">= x".', 'few: expected at most 1, found 2.', 'rule: Not a pattern.'],
  );
});

test('the same schema may be written in one stage and filled in another', () => {
  const trainer = z.string().default('tabular').describe('Who fits.');
  const gate: StageDeclaration = { ...stages.notify!, name: 'gate', inputs: { trainer: wired('config.train.trainer', trainer) } };
  const train: StageDeclaration = { ...stages.notify!, name: 'train', inputs: { trainer } };
  const read = (text: string) => resolve({ file: file(`version: 1\nname: x\ntask: regression\n${text}`), stages: { gate, train } });
  const resolution = read('train: { trainer: mine }');
  assert.ok(resolution.kind === 'resolved');
  assert.deepEqual(resolution.resolved.stages.train?.inputs, { trainer: 'mine' });
  assert.deepEqual(resolution.resolved.stages.gate?.inputs, {});
  assert.equal(read('gate: { trainer: mine }').kind, 'invalid');
});

test('resolved.json is read back as written; a newer form and a damaged file are refused', () => {
  const written = resolved({ file: file(churn) });
  assert.deepEqual(readResolved(JSON.stringify(written)), written);
  assert.throws(() => readResolved(JSON.stringify({ ...written, schema: 'retrain/resolved/2' })), { code: 'newer-form' });
  for (const text of [JSON.stringify({ ...written, stages: 3 }), 'null', JSON.stringify(written).slice(0, 99), ''])
    assert.throws(() => readResolved(text), { code: 'corrupt-file', fault: 'user' }, text);
});

test('the key knows what can change the model or the decision, and nothing else', () => {
  const key = (text: string, request: Partial<ResolveRequest> = {}) =>
    configurationForKey(resolved({ file: file(text), ...request })).sha256;
  const same = key(churn);
  assert.equal(key(churn.replace('growth-team', 'somebody-else')), same);
  assert.equal(
    key(`${churn}notify: { to: [a] }\nschedule: { cron: "0 2 * * 0" }\nhome: x\nregistry: file:y\ntracker: file:z\nrun: { retries: 0 }\n`),
    same,
  );
  assert.equal(key(`${churn}  on-drift: continue\n`), same, 'a default that is written down changes nothing');
  assert.equal(key(churn.replace('30 %', '0.3')), same, 'nor does another spelling');
  assert.equal(key(churn, { sets: ['drift.threshold=0.3'] }), same, 'nor who says it');
  for (const change of ['run: { seed: 1 }', 'train: { trials: 3 }', 'train: { params: { a: 1 } }'])
    assert.notEqual(key(`${churn}${change}\n`), same, change);
  assert.notEqual(key(churn.replace('positive: "Yes"', 'positive: "No"')), same);
  assert.notEqual(key(churn.replace('30 %', '31 %')), same);
});

test('the same file resolves to the same bytes', () => {
  const once = JSON.stringify(resolved({ file: file(churn) }));
  assert.equal(JSON.stringify(resolved({ file: file(churn) })), once);
});

test('one stage of a run: what the run fills in comes before the default of the schema, and after what is written', () => {
  const gate: StageDeclaration = {
    ...stages.drift!,
    name: 'gate',
    check: undefined,
    inputs: { force: wired('run.force', z.boolean().default(false).describe('All the same.')) },
  };
  const given = (more = '') => {
    const resolution = resolve({ file: file(`version: 1\nname: churn\ntask: regression\n${more}`), only: 'gate', stages: { gate } });
    assert.ok(resolution.kind === 'resolved', JSON.stringify(resolution));
    return resolution.resolved.stages.gate!.inputs;
  };
  const forced = (inputs: Readonly<Record<string, unknown>>, filled: Readonly<Record<string, unknown>>) => {
    const complete = completeInputs(gate, inputs, filled);
    assert.ok(complete.kind === 'complete');
    return complete.inputs.force;
  };
  assert.deepEqual(given(), {});
  assert.equal(forced(given(), { force: true }), true);
  assert.equal(forced(given(), {}), false);
  assert.equal(forced(given('gate: { force: false }\n'), { force: true }), false);
});
