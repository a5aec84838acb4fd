import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { stages } from '../../src/catalog.ts';
import { PHASES } from '../../src/kernel/flow.ts';
import { ROOT } from '../e2e/support.ts';
import { resolved } from '../stand-ins/expressions.ts';
import { readWorkflow } from '../stand-ins/workflow-file.ts';
import { type Ending, inTerminal, inWorkflow, rememberingJudge, type Scenario } from './conditions.ts';

const workflow = await readWorkflow('retrain.yml', await readFile(join(ROOT, '.github', 'workflows', 'retrain.yml'), 'utf8'));
const judge = rememberingJudge();
const run = (scenario: Scenario) => inWorkflow(workflow, scenario, judge.judged);

/** How stages really end: what is left out, no stage says. */
const ENDINGS: Readonly<Record<string, readonly Ending[]>> = {
  gate: ['nothing', 'failed', 'errored'],
  'fetch-model': ['aside', 'errored'],
  'fetch-data': ['nothing', 'failed', 'errored'],
  'validate-data': ['failed', 'errored'],
  drift: ['aside', 'nothing', 'failed', 'errored'],
  'prepare-data': ['failed', 'errored'],
  train: ['failed', 'errored', 'submitted'],
  evaluate: ['failed', 'incomparable', 'errored'],
  'bias-check': ['aside', 'failed', 'incomparable', 'errored'],
  'syntax-validate': ['failed', 'errored'],
  register: ['errored'],
  promote: ['aside', 'failed', 'incomparable', 'errored'],
  report: ['errored'],
  notify: ['errored'],
};
const NAMES = stages.map(({ name }) => name);
const WHEN = ['after-assessment', 'after-train'] as const;
const AROUND = [true, false].flatMap((publish) => (['schedule', 'pull_request'] as const).map((event) => ({ publish, event })));

/** No stage, one stage, or two stages do not simply pass. */
const someEndings = (): Readonly<Record<string, Ending>>[] => {
  const single = NAMES.flatMap((name) => ENDINGS[name]!.map((ending) => [name, ending] as const));
  const pairs = single.flatMap(([a, one], index) =>
    single.slice(index + 1).flatMap(([b, two]) => (a === b ? [] : [{ [a]: one, [b]: two }])),
  );
  return [{}, ...single.map(([name, ending]) => ({ [name]: ending })), ...pairs];
};
const isJudge = (name: string) => stages.some((stage) => stage.name === name && stage.phase === 'assess');
const shown = (scenario: Scenario) => JSON.stringify(scenario);

test('the jobs and steps of the workflow run the stages that the terminal runs, and end as it does, however one or two stages end', (context) => {
  let count = 0;
  for (const endings of someEndings()) {
    for (const when of WHEN) {
      for (const { publish, event } of AROUND) {
        const scenario: Scenario = { endings, when, publish, event };
        const found = run(scenario);
        const publishes = publish && event !== 'pull_request';
        const expected = inTerminal(publishes ? scenario : { ...scenario, endings: { ...endings, register: 'passed', promote: 'passed' } });
        const left = publishes ? [] : ['register', 'promote'];
        // The one difference: a version that cannot be registered after training ends a run in a terminal before it is judged, here after.
        const early = publishes && when === 'after-train' && endings.register === 'errored';
        const judges = early ? inTerminal({ ...scenario, endings: { ...endings, register: 'passed' } }).ran.filter(isJudge) : [];
        assert.deepEqual(
          [...found.ran].sort(),
          [...new Set([...expected.ran.filter((name) => !left.includes(name)), ...judges])].sort(),
          `${shown(scenario)}: ${JSON.stringify(found.results)}`,
        );
        if (!('report' in endings) && !('notify' in endings)) assert.equal(found.outcome, expected.outcome, shown(scenario));
        assert.equal(found.results.report === 'skipped', false, `${shown(scenario)}: a run without a report`);
        if (!publishes) assert.equal(found.results.publish, 'skipped', shown(scenario));
        for (const phase of PHASES.filter((one) => found.results[one] !== 'skipped')) {
          assert.ok(
            stages.some((stage) => stage.phase === phase && found.ran.includes(stage.name)),
            `${shown(scenario)}: ${phase} had nothing to do`,
          );
        }
        const red = Object.values(found.results).includes('failure');
        const bad = found.records.some(({ outcome, verdict }) => outcome === 'errored' || /failed|incomparable/.test(verdict?.kind ?? ''));
        assert.equal(red, bad, `${shown(scenario)}: ${JSON.stringify(found.results)}`);
        count++;
      }
    }
  }
  context.diagnostic(`${count} runs, ${judge.asked()} different questions to GitHub's evaluator`);
  assert.ok(count > 4_000);
});

test('cancelled during any stage or before any job: nothing trains, judges or publishes afterwards, and the report says cancelled', () => {
  for (const cancelled of [...NAMES.filter((name) => !['report', 'notify'].includes(name)), ...PHASES.slice(1, 4)]) {
    for (const when of WHEN) {
      for (const { publish, event } of AROUND) {
        const scenario: Scenario = { endings: {}, when, publish, event, cancelled };
        const publishes = publish && event !== 'pull_request';
        if (!publishes && ['register', 'promote', 'publish'].includes(cancelled)) continue;
        const { ran, results, outcome } = run(scenario);
        const at = ran.indexOf(cancelled);
        const after = ran.slice(at === -1 ? ran.length : at + 1);
        assert.deepEqual(
          after.filter((name) => !['report', 'notify'].includes(name)),
          [],
          shown(scenario),
        );
        const before = PHASES.find((phase) => phase === cancelled);
        if (before) assert.equal(results[before], 'skipped', shown(scenario));
        const job = before ?? stages.find(({ name }) => name === cancelled)!.phase;
        for (const later of PHASES.slice(PHASES.indexOf(job) + 1, 4)) assert.equal(results[later], 'skipped', shown(scenario));
        assert.deepEqual([results.report, outcome], ['success', 'cancelled'], shown(scenario));
        assert.ok(ran.includes('report'), shown(scenario));
      }
    }
  }
});

test('a process that was killed, or a runner that was lost, in any job: nothing after it but the report, which says errored', () => {
  const harms: readonly Pick<Scenario, 'endings' | 'lost'>[] = [
    ...NAMES.filter((name) => !['report', 'notify'].includes(name)).map((name) => ({ endings: { [name]: 'killed' as const } })),
    ...PHASES.slice(0, 4).map((lost) => ({ endings: {}, lost })),
  ];
  for (const harm of harms) {
    for (const when of WHEN) {
      for (const { publish, event } of AROUND) {
        const scenario: Scenario = { ...harm, when, publish, event };
        const stage = Object.keys(harm.endings)[0];
        const job = harm.lost ?? stages.find(({ name }) => name === stage)!.phase;
        const publishes = publish && event !== 'pull_request';
        if (job === 'publish' && !publishes) continue;
        const { ran, results, outcome } = run(scenario);
        // Registered right after training, a version needs no judge.
        const dueAll = when === 'after-train' && job === 'assess' && harm.lost === undefined && publishes;
        if (stage === 'register') assert.ok(!ran.includes('promote'), shown(scenario));
        const after = PHASES.slice(PHASES.indexOf(job) + 1, 4).filter((phase) => results[phase] !== 'skipped');
        assert.deepEqual(after, dueAll ? ['publish'] : [], shown(scenario));
        if (dueAll) assert.deepEqual([ran.includes('register'), ran.includes('promote')], [true, false], shown(scenario));
        assert.equal(results[job], 'failure', shown(scenario));
        // Without anything of the run there is nothing to tell of: the log of `prepare` says why.
        const nothing = harm.lost === 'prepare' || stage === 'gate';
        assert.equal(results.report, nothing ? 'skipped' : 'success', shown(scenario));
        if (!nothing) assert.equal(outcome, 'errored', shown(scenario));
      }
    }
  }
});

test('real runs of one pipeline wait in line and none is cancelled; of a pull request the newest push cancels the one before', async () => {
  const { concurrency } = parse(await readFile(join(ROOT, '.github', 'workflows', 'retrain.yml'), 'utf8')) as { concurrency: unknown };
  const status = { always: true, success: true, failure: false, cancelled: false };
  const of = (pipeline: string, event_name: string, number?: number) =>
    resolved(concurrency, {
      contexts: { inputs: { pipeline }, github: { event_name, event: number === undefined ? {} : { pull_request: { number } } } },
      status,
    });
  const runs = { group: 'retrain-pipelines/churn.yaml-runs', 'cancel-in-progress': false, queue: 'max' };
  for (const event of ['schedule', 'workflow_dispatch', 'push']) assert.deepEqual(of('pipelines/churn.yaml', event), runs);
  assert.notDeepEqual(of('pipelines/credit.yaml', 'schedule'), runs);
  const pull = { group: 'retrain-pipelines/churn.yaml-7', 'cancel-in-progress': true, queue: 'single' };
  assert.deepEqual(of('pipelines/churn.yaml', 'pull_request', 7), pull);
});
