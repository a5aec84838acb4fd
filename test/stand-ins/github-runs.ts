import type { Result, WorkflowRun } from './workflow-executor.ts';

/** A run of a workflow, as the API of GitHub tells of it. */
export interface StoredRun {
  readonly id: number;
  /** File of the workflow. */
  readonly workflow: string;
  readonly event: string;
  readonly title: string;
  /** Such as 2026-11-21T04:25:00Z. */
  readonly created: string;
  status: 'queued' | 'in_progress' | 'completed';
  /** `success` when it is completed and nothing else is said. */
  conclusion?: Result | undefined;
  /** When its latest attempt began; with the run when absent. */
  started?: string;
  /** 1 when absent. */
  attempt?: number;
  /** Of the latest attempt. */
  jobs?: readonly StoredJob[];
}

export interface StoredJob {
  readonly id: number;
  /** As the executor names it: `retrain.train`. */
  readonly path: string;
  readonly conclusion: Result;
  readonly steps: readonly { readonly name: string; readonly conclusion: Result }[];
}

/** A job that was asked to run again. */
export interface Rerun {
  readonly run: number;
  readonly job: string;
}

const ATTEMPTS_MAX = 50;
/** What a search gives at most, on all its pages. */
const RUNS_OF_SEARCH_MAX = 1_000;

/** Keeps what an executor's run has left as its run's latest attempt. */
export function keepRun(stored: StoredRun, { jobs, result, attempt }: WorkflowRun): void {
  stored.attempt = attempt;
  stored.status = 'completed';
  stored.conclusion = result;
  stored.jobs = jobsOf(jobs, '').map((job, index) => ({ ...job, id: stored.id * 10_000 + attempt * 100 + index }));
}

function jobsOf(jobs: WorkflowRun['jobs'], prefix: string): readonly Omit<StoredJob, 'id'>[] {
  return Object.entries(jobs).flatMap(([id, { result, steps, called }]) => {
    const path = `${prefix}${id}`;
    if (called.length > 0) return called.flatMap((run) => jobsOf(run.jobs, `${path}.`));
    return [{ path, conclusion: result, steps: steps.map((step) => ({ name: step.name, conclusion: step.result })) }];
  });
}

interface Asked {
  readonly at: (position: number) => string;
  readonly query: URLSearchParams;
  readonly refuse: (status: number, message: string) => Error;
  readonly page: <T>(all: readonly T[]) => readonly T[];
}

/**
 * What GitHub says of runs and jobs, and how it takes the wish to run a job again.
 * Not imitated: filters but for `event`, `status` and `created`, logs, a run older than a month, approvals.
 */
export function runRoutes(
  repository: string,
  runs: readonly StoredRun[],
  reruns: Rerun[],
): readonly (readonly [string, RegExp, (asked: Asked) => unknown])[] {
  const conclusionOf = ({ status, conclusion }: StoredRun) => (status === 'completed' ? (conclusion ?? 'success') : null);
  const runJson = (run: StoredRun) => ({
    id: run.id,
    event: run.event,
    status: run.status,
    conclusion: conclusionOf(run),
    display_title: run.title,
    run_attempt: run.attempt ?? 1,
    created_at: run.created,
    run_started_at: run.started ?? run.created,
    html_url: `https://github.com/${repository}/actions/runs/${run.id}`,
  });
  const jobJson = (run: StoredRun, { id, path, conclusion, steps }: StoredJob) => ({
    id,
    run_id: run.id,
    name: path.replaceAll('.', ' / '),
    status: 'completed',
    conclusion,
    steps: steps.map((step, index) => ({ ...step, status: 'completed', number: index + 1 })),
  });
  const found = (id: string, { refuse }: Asked): StoredRun => {
    const run = runs.find((one) => one.id === Number(id));
    if (!run) throw refuse(404, 'Not Found');
    return run;
  };
  return [
    [
      'GET',
      /^\/actions\/workflows\/([^/]+)\/runs$/,
      ({ at, query, page }) => {
        const [event, status, created = ''] = [query.get('event'), query.get('status'), query.get('created') ?? ''];
        const [from = '', until = '*'] = created.startsWith('>=') ? [created.slice(2)] : created.split('..');
        const all = runs
          .filter((run) => run.workflow === at(0) && (event === null || run.event === event) && (from === '*' || run.created >= from))
          .filter((run) => status === null || run.status === status || conclusionOf(run) === status)
          .filter((run) => until === '*' || run.created <= until)
          .sort((a, b) => b.created.localeCompare(a.created));
        return { total_count: all.length, workflow_runs: page(all.slice(0, RUNS_OF_SEARCH_MAX)).map(runJson) };
      },
    ],
    ['GET', /^\/actions\/runs\/(\d+)$/, (asked) => runJson(found(asked.at(0), asked))],
    [
      'GET',
      /^\/actions\/runs\/(\d+)\/jobs$/,
      (asked) => {
        const run = found(asked.at(0), asked);
        const jobs = run.jobs ?? [];
        return { total_count: jobs.length, jobs: asked.page(jobs).map((job) => jobJson(run, job)) };
      },
    ],
    [
      'POST',
      /^\/actions\/jobs\/(\d+)\/rerun$/,
      ({ at, refuse }) => {
        const run = runs.find(({ jobs }) => jobs?.some(({ id }) => id === Number(at(0))));
        const job = run?.jobs?.find(({ id }) => id === Number(at(0)));
        if (!run || !job) throw refuse(404, 'Not Found');
        if (run.status !== 'completed') throw refuse(403, 'The workflow run containing this job is already running');
        if ((run.attempt ?? 1) > ATTEMPTS_MAX) throw refuse(403, 'This workflow run was run again too often');
        run.status = 'in_progress';
        reruns.push({ run: run.id, job: job.path });
        return {};
      },
    ],
  ];
}
