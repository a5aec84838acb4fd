import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';
import type { Forge } from '../../providers/forge/forge.ts';
import { COMMENT_BYTES_MAX, reportMarkdown } from '../../report/markdown.ts';
import type { Runner } from '../action/runner.ts';
import { runsOf } from './run-records.ts';

/** What GitHub itself says of the run that has ended; nothing of it comes from the run. */
const eventSchema = z.object({
  workflow_run: z.object({
    id: z.int().positive(),
    event: z.string(),
    head_branch: z.string().min(1),
    head_sha: z.string().regex(/^[0-9a-f]{40,64}$/),
    html_url: z.url({ protocol: /^https$/ }),
    head_repository: z.object({ full_name: z.string(), owner: z.object({ login: z.string().regex(/^[\w-]+(?:\[bot\])?$/) }) }),
  }),
});

/**
 * Writes what the run of a fork left into comments of its pull request, from a workflow that nobody outside can change. Which pull request is
 * asked of GitHub: one that is open and whose head is the commit of the run, now.
 */
export async function commentFork(
  env: Readonly<Record<string, string | undefined>>,
  forge: Forge,
  runner: Runner,
  signal: AbortSignal,
): Promise<void> {
  if (env.GITHUB_EVENT_NAME !== 'workflow_run' || !env.GITHUB_EVENT_PATH) {
    throw new UserError('other-event', `Expected the event workflow_run, found ${env.GITHUB_EVENT_NAME ?? 'none'}.`, {
      todo: 'Start from workflows-templates/comment-on-forks.yml.',
    });
  }
  const { workflow_run: run } = eventSchema.parse(JSON.parse(await readFile(env.GITHUB_EVENT_PATH, 'utf8')));
  if (run.event !== 'pull_request' || run.head_repository.full_name === forge.repository) {
    runner.write('The run was for no pull request from a fork: it has commented itself.');
    return;
  }
  const { owner } = run.head_repository;
  const pullRequests = await forge.pullRequestsAt({ owner: owner.login, branch: run.head_branch, sha: run.head_sha }, signal);
  const [pullRequest] = pullRequests;
  if (pullRequest === undefined || pullRequests.length > 1) {
    runner.write(`${pullRequests.length} open pull requests have ${run.head_sha} as their head: nothing is commented.`);
    return;
  }
  for (const manifest of await runsOf(forge, run.id, run.html_url, signal)) {
    const note = '_From a fork: a run of the code in this pull request says so of itself._';
    const report = reportMarkdown(manifest, { bytesMax: COMMENT_BYTES_MAX - note.length - 2, fullReport: run.html_url });
    const { url } = await forge.keepComment(pullRequest, `<!-- retrain: ${manifest.model} -->`, `${note}\n\n${report}`, signal);
    runner.write(`The report of ${manifest.model} is a comment: ${url}`);
  }
}
