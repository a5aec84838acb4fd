import { createHash } from 'node:crypto';
import { UserError } from '../../kernel/errors.ts';
import type { Forge, StartedRun, WorkflowArtifact } from './forge.ts';
import type { Ask } from './github-client.ts';

const PAGE = 100;
/** GitHub gives no more of one search. */
const RUNS_OF_SEARCH_MAX = 1000;

type WorkflowRuns = Pick<Forge, 'artifacts' | 'artifact' | 'pullRequestsAt' | 'startedRuns'>;

/** What workflow runs leave behind, and the pull requests they are for. */
export function githubWorkflowRuns(place: { readonly owner: string; readonly repo: string }, ask: Ask): WorkflowRuns {
  /** The newest runs of a search, at most `most`. */
  async function search(
    workflow: string,
    event: StartedRun['startedBy'],
    created: string,
    most: number,
    signal: AbortSignal,
  ): Promise<readonly StartedRun[]> {
    const found: StartedRun[] = [];
    const per_page = Math.min(PAGE, most);
    for (let page = 1; ; page++) {
      const { data } = await ask(
        `list the runs of ${workflow}`,
        (octokit, request) =>
          octokit.rest.actions.listWorkflowRuns({ ...place, workflow_id: workflow, event, created, per_page, page, request }),
        { signal, permission: 'actions' },
      );
      for (const { id, display_title: title, status, created_at, html_url: url } of data.workflow_runs) {
        found.push({ id, startedBy: event, title, created: new Date(created_at), ended: status === 'completed', url });
      }
      if (data.workflow_runs.length < per_page || found.length >= most) return found;
    }
  }

  return {
    async startedRuns(workflow, since, signal) {
      const found = new Map<number, StartedRun>();
      for (const event of ['schedule', 'workflow_dispatch'] as const) {
        for (let until: Date | undefined; ; ) {
          const created = `${toSeconds(since)}..${until === undefined ? '*' : toSeconds(until)}`;
          const runs = await search(workflow, event, created, RUNS_OF_SEARCH_MAX, signal);
          for (const run of runs) found.set(run.id, run);
          const oldest = runs.at(-1)?.created;
          if (runs.length < RUNS_OF_SEARCH_MAX || oldest === undefined || oldest.getTime() === until?.getTime()) break;
          until = oldest;
        }
        const before = `*..${toSeconds(new Date(since.getTime() - 1000))}`;
        for (const run of await search(workflow, event, before, 1, signal)) found.set(run.id, run);
      }
      return [...found.values()].sort((a, b) => b.created.getTime() - a.created.getTime());
    },

    async artifacts(run, signal) {
      const found: WorkflowArtifact[] = [];
      for (let page = 1; ; page++) {
        const { data } = await ask(
          `list the artifacts of the workflow run ${run}`,
          (octokit, request) => octokit.rest.actions.listWorkflowRunArtifacts({ ...place, run_id: run, per_page: PAGE, page, request }),
          { signal, permission: 'actions' },
        );
        for (const { id, name, size_in_bytes: bytes, digest, expired } of data.artifacts) {
          if (!expired) found.push({ id, name, bytes, ...(digest && { digest }) });
        }
        if (data.artifacts.length < PAGE) return found;
      }
    },

    async artifact({ id, name, bytes, digest }, bytesMax, signal) {
      if (bytes > bytesMax) throw new UserError('too-large', `The artifact ${name} has ${bytes} bytes; at most ${bytesMax} are read.`);
      const { data } = await ask(
        `read the artifact ${name}`,
        (octokit, request) => octokit.rest.actions.downloadArtifact({ ...place, artifact_id: id, archive_format: 'zip', request }),
        { signal, permission: 'actions' },
      );
      const content = new Uint8Array(data as ArrayBuffer);
      const found = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      if (content.byteLength !== bytes || (digest !== undefined && digest !== found)) {
        throw new UserError(
          'digest-mismatch',
          `The artifact ${name}: expected ${bytes} bytes, ${digest}, found ${content.byteLength}, ${found}.`,
        );
      }
      return content;
    },

    async pullRequestsAt({ owner, branch, sha }, signal) {
      const { data } = await ask(
        `find the pull requests of ${owner}:${branch}`,
        (octokit, request) => octokit.rest.pulls.list({ ...place, head: `${owner}:${branch}`, state: 'open', per_page: PAGE, request }),
        { signal, permission: 'pull-requests' },
      );
      return data.filter(({ head }) => head.sha === sha).map(({ number }) => number);
    },
  };
}

const toSeconds = (instant: Date): string => `${instant.toISOString().slice(0, 19)}Z`;
