import assert from 'node:assert/strict';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { goProgram } from '../../../tools/go.ts';
import { captureProgram, onCi } from '../../../tools/process.ts';
import { localised } from '../../../tools/workflows/rewrite.ts';
import { runWorkflow, type WorkflowRun } from '../../stand-ins/workflow-executor.ts';
import { pipeline, type Started, started, template } from '../started.ts';

/*
 * The same caller through act, a program we did not write, in host mode on the `./` rewrite: each step of each job ends as in the executor.
 * What act does not know is left to the executor: what jobs may, environments, cancels, results of jobs that never began, what the whole ends as.
 */

type Steps = Readonly<Record<string, string>>;

/** Actions of others, where nothing can be fetched: they do nothing. */
const IDLE = 'name: idle\nruns:\n  using: composite\n  steps:\n    - run: "true"\n      shell: bash\n';

test('act runs the same steps of the same jobs to the same ends as the executor: a first run, nothing new, refused data', async (context) => {
  const act = await goProgram('github.com/nektos/act', 'v0.2.89');
  if ('missing' in act) {
    assert.equal(onCi, false, act.missing);
    context.diagnostic(`NOT RUN, nothing was compared: ${act.missing}`);
    return;
  }
  const ours = await repository(context);
  const theirs = await repository(context);
  assert.deepEqual(await acted(act.path, theirs, 1), await executed(ours, 1), 'a first run');
  // Of a job that never began act hands on the texts of its outputs, not evaluated: what comes after one cannot be compared.
  assert.deepEqual(prepared(await acted(act.path, theirs, 2)), prepared(await executed(ours, 2)), 'nothing new');
  for (const here of [ours, theirs]) await describe(here, 'validate-data: { rules: { tenure: { max: 10 } } }\n');
  assert.deepEqual(prepared(await acted(act.path, theirs, 3)), prepared(await executed(ours, 3)), 'refused data');
});

/** With a registry that needs no server. */
async function describe(here: Started, more = ''): Promise<void> {
  const text = pipeline(here.project, 'churn', more).replace('registry: git', `registry: file:${join(here.project.folder, 'registry')}`);
  await here.project.write('repository/pipelines/churn.yaml', text);
}

async function repository(context: TestContext): Promise<Started> {
  const here = await started(context);
  await describe(here);
  return here;
}

/** The caller for both: without Python, for which act would fetch an action. */
async function caller(uses: string): Promise<string> {
  const text = (await template('one-model.yml')).replace(
    /uses: [\w.-]+\/retrain\/(\.github\/workflows\/retrain\.yml)@v1/,
    `uses: ${uses}$1${uses === './' ? '' : '@v1'}`,
  );
  return text.replace('      pipeline: pipelines/churn.yaml\n', "      pipeline: pipelines/churn.yaml\n      python-version: ''\n");
}

async function executed(here: Started, run: number): Promise<Steps> {
  const found: WorkflowRun = await runWorkflow({
    workflow: await caller('OWNER/retrain/'),
    repository: join(here.project.folder, 'repository'),
    retrain: here.retrain,
    bundled: true,
    artifacts: here.artifacts,
    run,
    inputs: { force: 'false' },
  });
  const jobs = Object.entries(found.jobs.retrain!.called[0]!.jobs);
  return named(jobs.flatMap(([job, { steps }]) => steps.map(({ id, result }) => [job, id, result] as const)));
}

async function acted(program: string, here: Started, run: number): Promise<Steps> {
  const folder = join(here.project.folder, `act-${run}`);
  await cp(join(here.project.folder, 'repository'), folder, { recursive: true });
  for (const name of ['actions', 'package.json', 'trainers']) await cp(join(here.retrain, name), join(folder, name), { recursive: true });
  await mkdir(join(folder, '.github', 'workflows'), { recursive: true });
  const own = await readFile(join(here.retrain, '.github', 'workflows', 'retrain.yml'), 'utf8');
  await writeFile(join(folder, '.github', 'workflows', 'retrain.yml'), localised(own));
  await writeFile(join(folder, '.github', 'workflows', 'caller.yml'), await caller('./'));

  const idle = join(here.project.folder, 'idle');
  await mkdir(idle, { recursive: true });
  await writeFile(join(idle, 'action.yml'), IDLE);
  const others = [...new Set([...own.matchAll(/uses: (actions\/(?!checkout)[\w-]+@[0-9a-f]{40})/g)].map(([, name]) => name!))];
  // act takes the first `node` of the path.
  const bin = join(here.project.folder, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(process.execPath, join(bin, 'node')).catch(() => undefined);

  const git = (...args: string[]) => captureProgram('git', args, { cwd: folder });
  await git('init', '-q', '-b', 'main');
  await git('add', '-A', '-f');
  await git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-q', '-m', 'all');
  const { ACTIONS_RESULTS_URL: results, ACTIONS_RUNTIME_TOKEN: token } = here.artifacts.env(`run-${run}`, 'act');
  const settings = {
    ACTIONS_RESULTS_URL: results!,
    ACTIONS_RUNTIME_TOKEN: token!,
    GITHUB_RUN_ID: String(run),
    GITHUB_REPOSITORY: 'acme/models',
  };
  const { code, output } = await captureProgram(
    program,
    [
      'workflow_dispatch',
      '--json',
      '--action-offline-mode',
      ...['-W', '.github/workflows/caller.yml', '-P', 'ubuntu-latest=-self-hosted', '--input', 'force=false'],
      ...others.flatMap((name) => ['--local-repository', `${name}=${idle}`]),
      ...Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ],
    { cwd: folder, env: { PATH: `${bin}:${process.env.PATH}`, HOME: here.project.folder } },
  );
  const lines = output.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Readonly<Record<string, unknown>>];
    } catch {
      return [];
    }
  });
  const ends = lines.flatMap(({ job, jobID, stepID, stepResult, stage }) =>
    typeof stepResult === 'string' && stage === 'Main' ? [[String(jobID ?? job), [stepID].flat().join('.'), stepResult] as const] : [],
  );
  const found = named(ends);
  assert.ok(Object.keys(found).length > 0, `act ended with ${code}:\n${output.slice(-5_000)}`);
  return found;
}

/** Steps with an id of their own, and how each ended. Those that were skipped are not there: act says nothing of them. */
const named = (ends: readonly (readonly [job: string, step: string, result: string])[]): Steps =>
  Object.fromEntries(
    ends
      .filter(([, step, result]) => result !== 'skipped' && !/^(?:step-)?[\d.]+$/.test(step))
      .map(([job, step, result]) => [`${job}.${step}`, result] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** Those of the first job. */
const prepared = (steps: Steps): Steps => Object.fromEntries(Object.entries(steps).filter(([name]) => name.startsWith('prepare.')));
