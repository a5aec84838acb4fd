import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../../tools/process.ts';
import { parseWorkflow } from '../../tools/workflows/parser.ts';
import type { ArtifactService } from './artifacts.ts';
import { holds, resolved, resolvedText, type Scope } from './expressions.ts';
import { RunnerJob, type Start, type StepEnd } from './runner.ts';

export type Result = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface StepRun {
  readonly id: string;
  readonly result: Result;
  readonly end?: StepEnd;
}

export interface JobRun {
  readonly result: Result;
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly StepRun[];
  /** Report files that `upload-artifact` was given. */
  readonly uploads: readonly string[];
}

export interface WorkflowRun {
  readonly jobs: Readonly<Record<string, JobRun>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly result: Result;
}

export interface WorkflowRequest {
  /** Text of the caller's workflow, whose one job calls retrain.yml. */
  readonly caller: string;
  /** What a checkout gives. */
  readonly repository: string;
  readonly artifacts: ArtifactService;
  readonly github?: Readonly<Record<string, unknown>>;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Number of the workflow run; a re-run keeps it. */
  readonly run: number;
  /** The run whose failed jobs are run again. */
  readonly previous?: WorkflowRun;
  /** Cancels the workflow once the log of this step shows this. */
  readonly cancel?: { readonly step: string; readonly when: RegExp };
  readonly start?: Start;
}

interface StepFile {
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}
interface JobFile {
  readonly needs?: string | readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly StepFile[];
}
interface WorkflowFile {
  readonly on: {
    readonly workflow_call?: {
      readonly inputs?: Readonly<Record<string, { readonly default?: unknown; readonly required?: boolean }>>;
      readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
    };
  };
  readonly jobs: Readonly<Record<string, JobFile>>;
}

/**
 * Runs a caller's workflow with the real retrain.yml as GitHub would: conditions and inputs by GitHub's own parser and evaluator, actions as
 * child processes, a fresh machine for each job. Left out: permissions, concurrency, environments, time limits, and what actions of others do
 * beyond a checkout.
 */
export async function runWorkflow(request: WorkflowRequest): Promise<WorkflowRun> {
  const github = { event_name: 'workflow_dispatch', token: 'token-of-the-job', run_attempt: '1', event: {}, ...request.github };
  const caller = parse(request.caller) as { jobs: Record<string, { uses: string; with: Record<string, unknown> }> };
  await parseWorkflow('caller.yml', request.caller);
  const [call] = Object.values(caller.jobs);
  const given = resolved(call!.with, scopeOf({ github, inputs: request.inputs ?? {} }));

  const text = await readFile(join(root, '.github', 'workflows', 'retrain.yml'), 'utf8');
  const file = parse(text) as WorkflowFile;
  const { template } = await parseWorkflow('retrain.yml', text);
  const inputs = inputsOf(file, given as Record<string, unknown>);

  const jobs: Record<string, JobRun> = {};
  const workflow = { cancelled: false };
  for (const parsed of template.jobs) {
    if (parsed.type !== 'job') throw new Error('retrain.yml calls no other workflow.');
    const id = parsed.id.value;
    const needed = namesOf(file.jobs[id]!.needs);
    const kept = request.previous?.jobs[id];
    if (kept && stays(id, request.previous!, file)) {
      jobs[id] = kept;
      continue;
    }
    const needs = Object.fromEntries(needed.map((name) => [name, { result: jobs[name]!.result, outputs: jobs[name]!.outputs }]));
    const results = needed.map((name) => jobs[name]!.result);
    const status = {
      always: true,
      success: !workflow.cancelled && results.every((result) => result === 'success'),
      failure: !workflow.cancelled && results.includes('failure'),
      cancelled: workflow.cancelled,
    };
    const contexts = { github, inputs, needs, secrets: {}, vars: {} };
    jobs[id] = holds(parsed.if.expression, { contexts, status })
      ? await runJob(
          id,
          file.jobs[id]!,
          parsed.steps.map((step) => ('if' in step ? (step.if?.expression ?? 'success()') : 'success()')),
          contexts,
          workflow,
          request,
        )
      : { result: 'skipped', outputs: {}, steps: [], uploads: [] };
  }

  const results = Object.values(jobs).map(({ result }) => result);
  const result = workflow.cancelled ? 'cancelled' : results.includes('failure') ? 'failure' : 'success';
  const declared = Object.entries(file.on.workflow_call?.outputs ?? {});
  const outputs = Object.fromEntries(declared.map(([name, { value }]) => [name, resolvedText(value, scopeOf({ github, inputs, jobs }))]));
  return { jobs, outputs, result };
}

async function runJob(
  name: string,
  file: JobFile,
  conditions: readonly string[],
  contexts: Readonly<Record<string, unknown>>,
  workflow: { cancelled: boolean },
  request: WorkflowRequest,
): Promise<JobRun> {
  const env = {
    ...request.artifacts.env(`run-${request.run}`, name),
    GITHUB_RUN_ID: String(request.run),
    GITHUB_RUN_ATTEMPT: attemptOf(request),
  };
  await using job = await RunnerJob.begin({ env, start: request.start });
  const steps: StepRun[] = [];
  const uploads: string[] = [];
  let bad = false;
  // A job that begins after the cancel, because its condition says so, is not itself cancelled: steps ask about their own job.
  const late = workflow.cancelled;
  const cancelled = () => workflow.cancelled && !late;
  const context = () => ({
    ...contexts,
    steps: Object.fromEntries(
      steps.map(({ id, result, end }) => [id, { outcome: result, conclusion: result, outputs: end?.outputs ?? {} }]),
    ),
  });
  for (const [index, step] of file.steps.entries()) {
    const id = step.id ?? `step-${index}`;
    const status = {
      always: true,
      success: !bad && !cancelled(),
      failure: bad && !cancelled(),
      cancelled: cancelled(),
    };
    const scope: Scope = { contexts: context(), status };
    if (!holds(conditions[index]!, scope)) {
      steps.push({ id, result: 'skipped' });
      continue;
    }
    const uses = step.uses ?? '';
    const given = Object.fromEntries(Object.entries(step.with ?? {}).map(([key, value]) => [key, resolvedText(value, scope)]));
    if (uses.startsWith('actions/checkout@')) await cp(request.repository, job.workspace, { recursive: true });
    if (uses.startsWith('actions/upload-artifact@')) uploads.push(await readFile(given.path!, 'utf8'));
    if (!uses.startsWith('$/actions/')) {
      steps.push({ id, result: 'success' });
      continue;
    }
    const stepEnv = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, value]) => [key, resolvedText(value, scope)]));
    const begun = await job.begin(uses.slice('$/actions/'.length), given, stepEnv);
    const watch = request.cancel?.step === id ? watchFor(request.cancel.when, begun, workflow) : undefined;
    const end = await begun.ended;
    clearInterval(watch);
    const result: Result = end.code === 0 ? 'success' : cancelled() ? 'cancelled' : 'failure';
    bad ||= result === 'failure';
    steps.push({ id, result, end });
  }
  const outputs = Object.entries(file.outputs ?? {}).map(([key, value]) => [key, resolvedText(value, scopeOf(context()))] as const);
  return {
    result: bad ? 'failure' : cancelled() ? 'cancelled' : 'success',
    // What holds a masked text is lost, and what is empty is not there.
    outputs: Object.fromEntries(outputs.filter(([, value]) => value !== '' && ![...job.masks].some((mask) => value.includes(mask)))),
    steps,
    uploads,
  };
}

function watchFor(when: RegExp, begun: { seen(): string; cancel(): void }, workflow: { cancelled: boolean }): NodeJS.Timeout {
  return setInterval(() => {
    if (workflow.cancelled || !when.test(begun.seen())) return;
    workflow.cancelled = true;
    begun.cancel();
  }, 50);
}

/** Run again are the jobs that failed and all that need them. */
function stays(id: string, previous: WorkflowRun, file: WorkflowFile): boolean {
  if (previous.jobs[id]!.result === 'failure' || previous.jobs[id]!.result === 'cancelled') return false;
  return namesOf(file.jobs[id]!.needs).every((name) => stays(name, previous, file));
}

function inputsOf(file: WorkflowFile, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const declared = file.on.workflow_call?.inputs ?? {};
  for (const name of Object.keys(given)) if (!(name in declared)) throw new Error(`retrain.yml has no input ${name}.`);
  for (const [name, { required }] of Object.entries(declared)) if (required && !(name in given)) throw new Error(`${name} is not given.`);
  return Object.fromEntries(Object.entries(declared).map(([name, { default: value }]) => [name, given[name] ?? value ?? '']));
}

const namesOf = (needs: JobFile['needs']): readonly string[] => (typeof needs === 'string' ? [needs] : (needs ?? []));
const scopeOf = (contexts: Readonly<Record<string, unknown>>): Scope => ({
  contexts,
  status: { always: true, success: true, failure: false, cancelled: false },
});
const attemptOf = ({ previous }: WorkflowRequest): string => (previous ? '2' : '1');
