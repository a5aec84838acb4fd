import { stages } from '../../src/catalog.ts';
import { recordOfBrokenJob, recordOfLostJob } from '../../src/hosts/hand-over/lost-job.ts';
import { nextPhase } from '../../src/hosts/hand-over/next-phase.ts';
import { decide, inOrder, outcomeOf, PHASES, type Phase } from '../../src/kernel/flow.ts';
import { MANIFEST_SCHEMA, type Manifest, manifestSchema, recordSchema, type StageRecord } from '../../src/kernel/record.ts';
import { holds, resolvedText, type Scope } from '../stand-ins/expressions.ts';
import type { Result } from '../stand-ins/workflow-executor.ts';
import type { StepFile, Workflow } from '../stand-ins/workflow-file.ts';

/** How a stage ends. `killed`: its process is gone, without a record. `nothing`: a skip that ends the run; `aside`: one that does not. */
export type Ending = 'passed' | 'aside' | 'nothing' | 'failed' | 'incomparable' | 'errored' | 'submitted' | 'killed';

export interface Scenario {
  /** Stages that do not simply pass. */
  readonly endings: Readonly<Record<string, Ending>>;
  readonly when: 'after-assessment' | 'after-train';
  readonly publish: boolean;
  readonly event: 'schedule' | 'pull_request';
  /** Somebody cancels while this stage runs, or before this job begins. */
  readonly cancelled?: string;
  /** The runner of this job is gone at its end, before anything is saved. */
  readonly lost?: Phase;
}

export interface Simulated {
  readonly results: Readonly<Record<string, Result>>;
  /** Stages that ran, in the order they did. */
  readonly ran: readonly string[];
  readonly records: readonly StageRecord[];
  readonly outcome: Manifest['outcome'];
}

const reason = { code: 'why', text: 'Because.' };
const WAYS: Readonly<Record<Exclude<Ending, 'killed'>, Partial<StageRecord>>> = {
  passed: { verdict: { kind: 'passed' } },
  aside: { verdict: { kind: 'skipped', reason } },
  nothing: { verdict: { kind: 'skipped', reason }, endsRun: true },
  failed: { verdict: { kind: 'failed', reason } },
  incomparable: { verdict: { kind: 'incomparable', reason } },
  errored: { outcome: 'errored', error: { code: 'broken', message: 'Broken.', fault: 'world' } },
  submitted: { outcome: 'submitted' },
};
const kept = new Map<string, StageRecord>();

function recordOf(stage: string, ending: Exclude<Ending, 'killed'> | 'cancelled'): StageRecord {
  const known = kept.get(`${stage} ${ending}`);
  if (known) return known;
  const cancelled = { outcome: 'cancelled', error: { code: 'cancelled', message: 'Cancelled.', fault: 'cancelled' } };
  const base = {
    schema: 'retrain/record/1',
    run: 'r',
    stage,
    attempt: 1,
    outcome: 'completed',
    started: '2026-11-21T00:00:00Z',
    seconds: 0,
    inputs: {},
  };
  const record = recordSchema.parse({ ...base, ...(ending === 'cancelled' ? cancelled : WAYS[ending]) });
  kept.set(`${stage} ${ending}`, record);
  return record;
}

/** The same run in a terminal: which stages run, and how it ends. A killed process ends everything; nobody asks about that. */
export function inTerminal({ endings, when }: Scenario): Pick<Simulated, 'ran' | 'outcome'> {
  const entries = inOrder(stages, when);
  const records: StageRecord[] = [];
  for (const entry of entries) {
    if (!decide(entry, entries, records).run) continue;
    records.push(recordOf(entry.name, (endings[entry.name] ?? 'passed') as Exclude<Ending, 'killed'>));
  }
  return { ran: records.map(({ stage }) => stage), outcome: outcomeOf(records).outcome };
}

const manifest = (records: readonly StageRecord[]): Manifest => ({ ...EMPTY, records: [...records] });
const EMPTY = manifestSchema.parse({
  schema: MANIFEST_SCHEMA,
  id: 'r',
  model: 'm',
  logicalDate: '2026-11-21',
  seed: '0',
  started: '2026-11-21T00:00:00Z',
  retrain: '1.0.0',
  outcome: 'running',
});
const NOW = new Date('2026-11-21T00:00:00Z');

/**
 * Runs the conditions of retrain.yml, of its jobs and of their steps, with GitHub's own evaluator, while stages only say how they end:
 * what an action does without its work (whether its stage runs at all, its outputs, what the hand-over says) is the sources' own code.
 */
export function inWorkflow(workflow: Workflow, scenario: Scenario, judged: (expression: string, scope: Scope) => boolean): Simulated {
  const entries = inOrder(stages, scenario.when);
  const order = entries.map(({ name }) => name);
  const artifacts: (readonly StageRecord[])[] = [];
  const ended: Record<string, { result: Result; outputs: Record<string, string> }> = {};
  const ran: string[] = [];
  let cancelled = false;
  let records: readonly StageRecord[] = [];
  let outcome: Manifest['outcome'] = 'running';
  const keep = (record: StageRecord) => {
    records = [...records.filter(({ stage }) => stage !== record.stage), record].sort(
      (a, b) => order.indexOf(a.stage) - order.indexOf(b.stage),
    );
  };

  for (const [job, file] of Object.entries(workflow.file.jobs)) {
    if (scenario.cancelled === job) cancelled = true;
    const late = cancelled;
    const needs = Object.fromEntries(PHASES.filter((phase) => ended[phase]).map((phase) => [phase, ended[phase]]));
    const contexts = {
      github: { event_name: scenario.event, token: 'token' },
      inputs: { publish: scenario.publish, pipeline: 'p.yaml', runner: 'r', 'python-version': '' },
      needs,
      secrets: {},
    };
    const results = Object.values(ended).map(({ result }) => result);
    const status = {
      always: true,
      success: !cancelled && results.every((result) => result === 'success'),
      failure: !cancelled && results.includes('failure'),
      cancelled,
    };
    const conditions = workflow.conditions.get(job)!;
    if (!judged(conditions.job, { contexts, status })) {
      ended[job] = { result: 'skipped', outputs: {} };
      continue;
    }

    records = [];
    let bad = false;
    const steps: Record<string, { conclusion: Result; outcome: Result; outputs: Record<string, string> }> = {};
    const now = (): Result => (bad ? 'failure' : cancelled && !late ? 'cancelled' : 'success');
    for (const [index, step] of (file.steps ?? []).entries()) {
      const id = step.id ?? `step-${index}`;
      const mine = cancelled && !late;
      const said = { always: true, success: !bad && !mine, failure: bad && !mine, cancelled: mine };
      const scope: Scope = { contexts: { ...contexts, job: { status: now() }, steps }, status: said };
      if (!judged(conditions.steps[index]!, scope)) {
        steps[id] = { conclusion: 'skipped', outcome: 'skipped', outputs: {} };
        continue;
      }
      const { result, outputs } = act(job as Phase, step, scope);
      bad ||= result === 'failure';
      steps[id] = { conclusion: result, outcome: result, outputs };
    }
    const scope: Scope = { contexts: { ...contexts, job: {}, steps }, status };
    const outputs = Object.entries(file.outputs ?? {}).map(([name, text]) => [name, resolvedText(text, scope)] as const);
    const gone = scenario.lost === job;
    ended[job] = {
      result: gone ? 'failure' : now(),
      outputs: gone ? {} : Object.fromEntries(outputs.filter(([, value]) => value !== '')),
    };
  }
  return { results: Object.fromEntries(Object.entries(ended).map(([job, { result }]) => [job, result])), ran, records, outcome };

  function act(job: Phase, step: StepFile, scope: Scope): { readonly result: Result; readonly outputs: Record<string, string> } {
    const fine = { result: 'success', outputs: {} } as const;
    const name = /^\$\/actions\/([a-z-]+)$/.exec(step.uses ?? '')?.[1];
    if (name === undefined) return fine;
    if (name === 'hand-over') {
      const given = (input: string) => resolvedText(step.with?.[input], scope);
      if (given('operation') === 'save') {
        const how = given('status');
        if (how === 'failure' || how === 'cancelled') {
          const broken = recordOfBrokenJob(job, how, manifest(records), stages, NOW);
          if (broken) keep(broken);
        }
        const id = String(artifacts.push(records));
        return { result: 'success', outputs: { 'artifact-id': id, digest: `sha256:${id}`, next: nextPhase(job, records, entries) } };
      }
      const id = given('artifact-id');
      if (artifacts[Number(id) - 1] === undefined || given('digest') !== `sha256:${id}`) return { result: 'failure', outputs: {} };
      records = artifacts[Number(id) - 1]!;
      if (step.with?.needs !== undefined) {
        const needs = scope.contexts.needs as Parameters<typeof recordOfLostJob>[0];
        const lost = recordOfLostJob(needs, given('publishes') !== 'false', manifest(records), stages, NOW);
        if (lost) keep(lost);
        outcome = outcomeOf(records).outcome;
      }
      const register = entries.find((entry) => entry.name === 'register')!;
      return {
        result: 'success',
        outputs: { 'run-folder': '/run', register: String(decide(register, entries, records).run), run: 'r' },
      };
    }
    const entry = entries.find((one) => one.name === name)!;
    if (!decide(entry, entries, records).run) return { result: 'success', outputs: { 'run-folder': '/run', outcome: 'not-run' } };
    if (scenario.cancelled === name) {
      cancelled = true;
      keep(recordOf(name, 'cancelled'));
      ran.push(name);
      return { result: 'cancelled', outputs: { 'run-folder': '/run', outcome: 'cancelled' } };
    }
    const ending = scenario.endings[name] ?? 'passed';
    if (ending === 'killed') return { result: 'failure', outputs: {} };
    const record = recordOf(name, ending);
    keep(record);
    ran.push(name);
    const own = outcomeOf([record]).outcome;
    return {
      result: own === 'refused' || own === 'errored' ? 'failure' : 'success',
      outputs: { 'run-folder': '/run', outcome: record.outcome, ...(record.verdict && { verdict: record.verdict.kind }) },
    };
  }
}

/** GitHub's evaluator, asked once for the same question. */
export function rememberingJudge(): { readonly judged: (expression: string, scope: Scope) => boolean; readonly asked: () => number } {
  const known = new Map<string, boolean>();
  return {
    judged(expression, scope) {
      const question = JSON.stringify([expression, scope.status, relevant(expression, scope.contexts)]);
      const found = known.get(question) ?? holds(expression, scope);
      known.set(question, found);
      return found;
    },
    asked: () => known.size,
  };
}

/** The contexts an expression names. */
const relevant = (expression: string, contexts: Scope['contexts']): unknown =>
  Object.fromEntries(Object.entries(contexts).filter(([name]) => expression.includes(`${name}.`)));
