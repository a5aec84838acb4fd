import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, exitCodeOf, inOrder, outcomeOf, type Phase, type StageEntry } from '../../src/kernel/flow.ts';
import { emptyRecord, type StageRecord } from '../../src/kernel/record.ts';
import { failed, incomparable, passed, skipped, type Verdict } from '../../src/kernel/verdict.ts';

const phases: Readonly<Record<string, Phase>> = {
  gate: 'prepare',
  train: 'train',
  evaluate: 'assess',
  'bias-check': 'assess',
  register: 'publish',
  promote: 'publish',
  report: 'report',
};
const entry = (name: string): StageEntry => ({
  name,
  phase: phases[name]!,
  closes: name === 'promote',
  load: () => Promise.reject(new Error('not loaded here')),
});
const all = (registered?: string) => inOrder(Object.keys(phases).map(entry), registered);
const runs = (name: string, records: readonly StageRecord[], registered?: string) => decide(entry(name), all(registered), records).run;

const record = (stage: string, verdict: Verdict | undefined, more: Partial<StageRecord> = {}): StageRecord => ({
  ...emptyRecord('r', stage, '2026-11-21T00:00:00.000Z'),
  outcome: 'completed',
  verdict,
  ...more,
});
const broken = (fault: 'user' | 'world' | 'ours' | 'cancelled') =>
  record('train', undefined, { outcome: fault === 'cancelled' ? 'cancelled' : 'errored', error: { code: 'x', message: 'y', fault } });

test('every stage runs after stages that passed or had nothing to say', () => {
  assert.ok(runs('train', [record('gate', passed), record('drift', skipped('no-champion', 'None.'))]));
});

test('a skip that ends the run leaves only reporting', () => {
  const records = [record('gate', skipped('nothing-new', 'Same.'), { endsRun: true })];
  assert.deepEqual(
    ['train', 'evaluate', 'promote', 'report'].map((name) => runs(name, records)),
    [false, false, false, true],
  );
  assert.equal(outcomeOf(records).outcome, 'skipped');
});

test('after a missed gate the other assessments still run, registering does not, promote closes and report reports', () => {
  const records = [record('evaluate', failed('gate-missed', 'Low.'))];
  assert.deepEqual(
    ['bias-check', 'register', 'promote', 'report'].map((name) => runs(name, records)),
    [true, false, true, true],
  );
  assert.equal(outcomeOf(records).outcome, 'refused');
});

test('a refusal before training stops assessments too', () => {
  const records = [record('gate', failed('invalid', 'Bad.'))];
  assert.deepEqual(
    ['train', 'evaluate', 'promote'].map((name) => runs(name, records)),
    [false, false, true],
  );
});

test('after an error nothing but reporting runs: not even the outcome is written, so that the key can run again', () => {
  assert.deepEqual(
    ['evaluate', 'promote', 'report'].map((name) => runs(name, [broken('world')])),
    [false, false, true],
  );
});

test('what a later stage said is no reason against an earlier one: registered right after training, a version is whatever the judges say', () => {
  const refused = [record('train', passed), record('evaluate', failed('gate-missed', 'Low.'))];
  assert.deepEqual(
    ['after-assessment', 'after-train'].map((when) => runs('register', refused, when)),
    [false, true],
  );
  const unjudged = [record('train', passed), record('evaluate', undefined, { outcome: 'errored' })];
  assert.deepEqual(
    ['register', 'promote'].map((name) => runs(name, unjudged, 'after-train')),
    [true, false],
  );
  assert.equal(runs('register', [record('train', undefined, { outcome: 'submitted' })], 'after-train'), false);
});

test('exit codes follow the table of the design', () => {
  const code = (records: StageRecord[]) => exitCodeOf({ outcome: outcomeOf(records).outcome, records });
  assert.equal(code([record('gate', passed)]), 0);
  assert.equal(code([record('gate', skipped('same', 'Same.'), { endsRun: true })]), 0);
  assert.equal(code([record('promote', skipped('not-better', 'Kept back.'))]), 0);
  assert.equal(code([record('evaluate', failed('gate-missed', 'Low.'))]), 1);
  assert.equal(code([record('evaluate', incomparable('other-rows', 'Other.'))]), 1);
  assert.equal(code([broken('user')]), 2);
  assert.equal(code([broken('world')]), 3);
  assert.equal(code([broken('ours')]), 70);
  assert.equal(code([broken('cancelled')]), 130);
  assert.equal(code([record('train', undefined, { outcome: 'submitted' })]), 0);
});

test('a version is registered after it was judged, or right after training where the pipeline says so', () => {
  const entries = ['train', 'evaluate', 'bias-check', 'register', 'promote'].map(entry);
  assert.deepEqual(inOrder(entries, 'after-assessment'), entries);
  assert.deepEqual(
    inOrder(entries, 'after-train').map(({ name }) => name),
    ['train', 'register', 'evaluate', 'bias-check', 'promote'],
  );
  assert.deepEqual(inOrder([entry('register')], 'after-train').length, 1, 'a stage alone');
});
