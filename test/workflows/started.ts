import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { bundledRetrain } from '../bundle/bundled-retrain.ts';
import { customers } from '../e2e/customers.ts';
import { Project, ROOT } from '../e2e/support.ts';
import { ArtifactService } from '../stand-ins/artifacts.ts';
import { type GitHubStandIn, githubStandIn } from '../stand-ins/github.ts';
import { type JobRun, runWorkflow, type WorkflowRequest, type WorkflowRun } from '../stand-ins/workflow-executor.ts';

/** A repository on GitHub with one pipeline file, its data, and a trainer of a few lines; and what a run of its workflows needs. */
export interface Started {
  readonly project: Project;
  readonly github: GitHubStandIn;
  readonly artifacts: ArtifactService;
  readonly retrain: string;
  /** Starts a workflow as it stands in `workflows-templates`. */
  run(template: string, run: number, more?: Partial<WorkflowRequest>): Promise<WorkflowRun>;
  data(name: string, text: string): Promise<void>;
  /** How often a model was fitted. */
  fits(): Promise<number>;
  behave(behaviour: '' | 'fails' | 'hangs' | 'waits'): Promise<void>;
  /** A file on the registry's branch; undefined when there is none. */
  registered(path: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Number of the version in service. */
  champion(model: string): Promise<unknown>;
}

let retrain: Promise<string> | undefined;
/** `RETRAIN_TEST_SOURCES=1` starts the sources, which need no bundle: quicker for who changes them. */
const bundled = process.env.RETRAIN_TEST_SOURCES !== '1';

export const template = (name: string): Promise<string> => readFile(join(ROOT, 'workflows-templates', name), 'utf8');

export async function started(context: TestContext, more = ''): Promise<Started> {
  retrain ??= bundled ? bundledRetrain() : Promise.resolve(ROOT);
  const folder = await retrain;
  const project = await Project.make({ 'repository/data/2026-01.csv': customers(300) });
  const artifacts = await ArtifactService.begin();
  const github = await githubStandIn(context);
  github.artifacts = artifacts.artifacts;
  context.after(async () => {
    await artifacts[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });
  await project.copy(join(ROOT, 'test', 'workflows', 'fixtures', 'tenure-trainer.mjs'), 'trainer/tenure-trainer.mjs');
  await project.write('repository/pipelines/churn.yaml', pipeline(project, 'churn', more));
  const read = async (path: string) => project.read(path).catch(() => '');
  const registered: Started['registered'] = async (path) => {
    const text = await github.git.text(['cat-file', 'blob', `retrain-registry:${path}`]).catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
  };
  return {
    project,
    github,
    artifacts,
    retrain: folder,
    run: async (name, run, rest = {}) =>
      runWorkflow({
        workflow: await template(name),
        repository: join(project.folder, 'repository'),
        retrain: folder,
        bundled,
        artifacts,
        forge: github,
        run,
        ...rest,
      }),
    data: (name, text) => project.write(`repository/data/${name}`, text),
    fits: async () => (await read('trainer/fits.log')).split('\n').length - 1,
    behave: (behaviour) => project.write('trainer/behaviour', behaviour),
    registered,
    champion: async (model) => (await registered(`${model}/aliases.json`))?.champion,
  };
}

export const pipeline = (project: Project, name: string, more = ''): string => `version: 1
name: ${name}
task: classification
target: { column: churn, positive: "yes" }
key: id
registry: git
run: { retries: 0 }
fetch-data: { source: data/*.csv }
prepare-data: { split: { test: 30 % } }
train: { command: [${process.execPath}, ${join(project.folder, 'trainer', 'tenure-trainer.mjs')}] }
evaluate: { gates: { accuracy: ">= 0.3" } }
${more}`;

/** The run of retrain.yml that a workflow has called. */
export const called = (run: WorkflowRun, leg = 0): WorkflowRun => run.jobs.retrain!.called[leg]!;
export const results = ({ jobs }: WorkflowRun) => Object.fromEntries(Object.entries(jobs).map(([id, { result }]) => [id, result]));
export const stepsOf = (run: WorkflowRun, job: string) =>
  Object.fromEntries(run.jobs[job]!.steps.filter(({ id }) => !id.startsWith('step-')).map(({ id, result }) => [id, result]));
export const stepOf = (run: WorkflowRun, job: string, step: string) => {
  const found = run.jobs[job]!.steps.find(({ id }) => id === step)?.end;
  assert.ok(found, `${job}.${step} did not run`);
  return found;
};

export const stepEnv = (run: WorkflowRun, job: string, step: string) => run.jobs[job]!.steps.find(({ id }) => id === step)?.env;

/** Everything the steps of a run said, for the message of a test that fails. */
export function logOf({ jobs }: WorkflowRun): string {
  const ofJob = (id: string, { steps, called: runs }: JobRun): string[] => [
    ...steps.map((step) => `${id}/${step.id}: ${step.result}\n${(step.end?.log ?? []).join('\n')}`),
    ...runs.map(logOf),
  ];
  return Object.entries(jobs)
    .flatMap(([id, job]) => ofJob(id, job))
    .join('\n');
}

/** How the five jobs of a run ended, in one word each. */
export const ended = (prepare: string, train: string, assess: string, publish: string, report = 'success') => ({
  prepare,
  train,
  assess,
  publish,
  report,
});
