import { randomUUID } from 'node:crypto';
import { TimedOut, UserError, WorldError } from '../../kernel/errors.ts';
import type { Forge, ForgeComment, PullRequest } from './forge.ts';
import { type GitHubOptions, githubClient, splitRepository } from './github-client.ts';
import { explainFailure, failureOf } from './github-errors.ts';
import { githubReleases } from './github-releases.ts';
import { githubWorkflowRuns } from './github-workflow-runs.ts';

export interface GitHubForgeOptions extends GitHubOptions {
  /** Address for people, `https://github.com` where not given. */
  readonly serverUrl?: string;
  /** Who writes this forge's comments: whom the token belongs to. */
  readonly author?: string;
}

/** The author of everything done with a workflow's own token. */
const WORKFLOW_AUTHOR = 'github-actions[bot]';
const PAGE = 100;
const COMMIT_TRIES = 4;

const COMMIT = `mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }`;

/** GitHub over its public API. The token goes into the Authorization header and nowhere else. */
export function githubForge(options: GitHubForgeOptions): Forge {
  const { repository, serverUrl = 'https://github.com', author = WORKFLOW_AUTHOR } = options;
  const place = splitRepository(repository);
  const { ask } = githubClient(options);

  async function findComment(thread: number, marker: string, signal: AbortSignal): Promise<ForgeComment | undefined> {
    for (let page = 1; ; page++) {
      const { data } = await ask(
        `read the comments of #${thread}`,
        (octokit, request) => octokit.rest.issues.listComments({ ...place, issue_number: thread, per_page: PAGE, page, request }),
        { signal },
      );
      // Anybody can write our marker into a comment of their own.
      const found = data.find(({ user, body }) => user?.login === author && body?.startsWith(marker));
      if (found) return commentOf(found);
      if (data.length < PAGE) return undefined;
    }
  }

  const seeRepository = (signal: AbortSignal) =>
    ask('find the repository', (octokit, request) => octokit.rest.repos.get({ ...place, request }), { signal });

  async function createRef(branch: string, sha: string, signal: AbortSignal): Promise<void> {
    try {
      await ask(
        `create branch ${branch}`,
        (octokit, request) => octokit.rest.git.createRef({ ...place, ref: `refs/heads/${branch}`, sha, request }),
        { signal },
      );
    } catch (error) {
      if (!isRefusal(error, /already exists/i)) throw error;
    }
  }

  /** The recent commit of a branch whose message carries `mark`. */
  async function findCommit(branch: string, mark: string, signal: AbortSignal): Promise<string | undefined> {
    const { data } = await ask(
      `read the log of branch ${branch}`,
      (octokit, request) => octokit.rest.repos.listCommits({ ...place, sha: branch, per_page: PAGE, request }),
      { signal },
    );
    return data.find(({ commit }) => commit.message.includes(mark))?.sha;
  }

  /** 404 as undefined; everything else as it is. */
  const orNothing = async <T>(asked: Promise<T>): Promise<T | undefined> => {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof UserError && error.code === 'forge-not-found') return undefined;
      throw error;
    }
  };

  return {
    repository,
    url: `${serverUrl}/${repository}`,
    findComment,

    async keepComment(thread, marker, text, signal) {
      const body = `${marker}\n${text}`;
      const before = await findComment(thread, marker, signal);
      const options = { signal, permission: 'pull-requests', repeatable: before !== undefined } as const;
      const { data } = before
        ? await ask(
            `edit the comment of #${thread}`,
            (octokit, request) => octokit.rest.issues.updateComment({ ...place, comment_id: before.id, body, request }),
            options,
          )
        : await ask(
            `comment on #${thread}`,
            (octokit, request) => octokit.rest.issues.createComment({ ...place, issue_number: thread, body, request }),
            options,
          );
      return commentOf(data);
    },

    async head(branch, signal) {
      const found = await orNothing(
        ask(`read branch ${branch}`, (octokit, request) => octokit.rest.git.getRef({ ...place, ref: `heads/${branch}`, request }), {
          signal,
        }),
      );
      // GitHub says 404 for a repository it does not show, too; that must not look like a branch nobody has made yet.
      if (!found) await seeRepository(signal);
      return found?.data.object.sha;
    },

    async createBranch(branch, from, signal) {
      if ('commit' in from) return createRef(branch, from.commit, signal);
      const doing = `create branch ${branch}`;
      const tree: { path: string; mode: '100644'; type: 'blob'; sha: string }[] = [];
      for (const [path, content] of Object.entries(from.files)) {
        const { data } = await ask(doing, (octokit, request) => octokit.rest.git.createBlob({ ...place, content, request }), { signal });
        tree.push({ path, mode: '100644', type: 'blob', sha: data.sha });
      }
      const { data: root } = await ask(doing, (octokit, request) => octokit.rest.git.createTree({ ...place, tree, request }), { signal });
      const { data: commit } = await ask(
        doing,
        (octokit, request) => octokit.rest.git.createCommit({ ...place, message: from.headline, tree: root.sha, parents: [], request }),
        { signal },
      );
      await createRef(branch, commit.sha, signal);
    },

    async deleteBranch(branch, signal) {
      await orNothing(
        ask(`delete branch ${branch}`, (octokit, request) => octokit.rest.git.deleteRef({ ...place, ref: `heads/${branch}`, request }), {
          signal,
        }),
      ).catch((error: unknown) => {
        if (!isRefusal(error, /does not exist/i)) throw error;
      });
    },

    async branches(prefix, signal) {
      const { data } = await ask(
        `list branches ${prefix}*`,
        (octokit, request) => octokit.rest.git.listMatchingRefs({ ...place, ref: `heads/${prefix}`, request }),
        { signal },
      );
      return data.map(({ ref }) => ref.slice('refs/heads/'.length)).sort();
    },

    async commit({ branch, expectedHead, headline, body, additions, deletions }, signal) {
      const doing = `commit to branch ${branch}`;
      const mark = `Retrain-Change: ${randomUUID()}`;
      const input = {
        branch: { repositoryNameWithOwner: repository, branchName: branch },
        expectedHeadOid: expectedHead,
        message: { headline, body: `${body ? `${body}\n\n` : ''}${mark}` },
        fileChanges: {
          additions: [...additions].map(([path, bytes]) => ({ path, contents: Buffer.from(bytes).toString('base64') })),
          deletions: deletions.map((path) => ({ path })),
        },
      };
      for (let tried = 1; ; tried++) {
        try {
          const made = await ask(
            doing,
            (octokit, request) => octokit.graphql<{ createCommitOnBranch: { commit: { oid: string } } }>(COMMIT, { input, request }),
            { signal, repeatable: false },
          );
          return made.createCommitOnBranch.commit.oid;
        } catch (error) {
          const unanswered = error instanceof TimedOut || (error instanceof WorldError && error.code === 'forge-unreachable');
          if (!unanswered || tried === COMMIT_TRIES) throw explainRefusedCommit(error, doing, repository);
          // The answer was lost, the commit perhaps not: a second one would find the branch moved by ourselves and call it a lost race.
          const made = await findCommit(branch, mark, signal);
          if (made !== undefined) return made;
        }
      }
    },

    async tree(sha, { recursive }, signal) {
      const { data } = await ask(
        'read a folder',
        (octokit, request) => octokit.rest.git.getTree({ ...place, tree_sha: sha, ...(recursive && { recursive: 'true' }), request }),
        { signal },
      );
      if (data.truncated)
        throw new UserError(
          'tree-too-large',
          `A folder of ${repository} (tree ${sha}) has more files than GitHub lists at once (100,000).`,
          {
            todo: 'Remove versions nobody needs, or keep the registry in a bucket (gs://).',
          },
        );
      return data.tree.flatMap(({ path, type, sha: entry }) =>
        type === 'blob' || type === 'tree' ? [{ path, kind: type === 'blob' ? ('file' as const) : ('folder' as const), sha: entry }] : [],
      );
    },

    async blob(sha, signal) {
      const { data } = await ask('read a file', (octokit, request) => octokit.rest.git.getBlob({ ...place, file_sha: sha, request }), {
        signal,
      });
      return Buffer.from(data.content, 'base64');
    },

    async file(path, commit, signal) {
      const found = await orNothing(
        ask(
          `read ${path} at ${commit}`,
          (octokit, request) =>
            octokit.rest.repos.getContent({
              ...place,
              path,
              ref: commit,
              mediaType: { format: 'raw' },
              request: { ...request, parseSuccessResponseBody: false },
            }),
          { signal },
        ),
      );
      if (!found) await seeRepository(signal);
      return found && new Uint8Array(await new Response(found.data as unknown as ReadableStream).arrayBuffer());
    },

    async probeWrite(signal) {
      // A blob that no tree names: nobody sees it, and GitHub collects it.
      await ask(
        'write',
        (octokit, request) => octokit.rest.git.createBlob({ ...place, content: 'Retrain asks whether it may write here.\n', request }),
        { signal },
      );
    },

    ...githubReleases(place, repository, ask),
    ...githubWorkflowRuns(place, ask),

    async openPullRequest({ head, base, title, body }, signal) {
      const {
        data: [before],
      } = await ask(
        'list pull requests',
        (octokit, request) =>
          octokit.rest.pulls.list({ ...place, head: `${place.owner}:${head}`, base, state: 'open', per_page: 1, request }),
        { signal },
      );
      if (before && before.title === title && before.body === body) return pullRequestOf(before);
      const { data } = before
        ? await ask(
            `edit pull request #${before.number}`,
            (octokit, request) => octokit.rest.pulls.update({ ...place, pull_number: before.number, title, body, request }),
            { signal, permission: 'pull-requests' },
          )
        : await ask(
            'open a pull request',
            (octokit, request) => octokit.rest.pulls.create({ ...place, head, base, title, body, request }),
            { signal, permission: 'pull-requests', repeatable: false },
          ).catch((error: unknown) => {
            throw error instanceof UserError && MAY_NOT_PROPOSE.test(error.message) ? mayNotPropose(error) : error;
          });
      return pullRequestOf(data);
    },

    async defaultBranch(signal) {
      return (await seeRepository(signal)).data.default_branch;
    },

    async dispatch(workflow, ref, inputs, signal) {
      await ask(
        `start workflow ${workflow}`,
        (octokit, request) => octokit.rest.actions.createWorkflowDispatch({ ...place, workflow_id: workflow, ref, inputs, request }),
        { signal, permission: 'actions', repeatable: false },
      );
    },
  };
}

const pullRequestOf = (data: { readonly number: number; readonly html_url: string }): PullRequest => ({
  number: data.number,
  url: data.html_url,
  state: 'open',
});

const MAY_NOT_PROPOSE = /not permitted to create or approve pull requests/i;

/** A setting of the repository, which no permission of a job replaces. */
const mayNotPropose = (cause: unknown): UserError =>
  new UserError('forge-forbidden', 'Workflows of this repository may not open pull requests.', {
    cause,
    todo: 'Allow it under Settings → Actions → General → "Allow GitHub Actions to create and approve pull requests".',
  });

function commentOf(data: {
  readonly id: number;
  readonly user?: { readonly login: string } | null;
  readonly body?: string;
  readonly html_url: string;
}): ForgeComment {
  return { id: data.id, author: data.user?.login ?? '', body: data.body ?? '', url: data.html_url };
}

const isRefusal = (error: unknown, message: RegExp): boolean =>
  error instanceof UserError && error.code === 'forge-refused' && message.test(error.message);

/** GraphQL refuses with HTTP 200 and a list of typed errors. */
function explainRefusedCommit(error: unknown, doing: string, repository: string): unknown {
  if (!(error instanceof Error) || !('errors' in error) || !Array.isArray(error.errors)) return error;
  const [{ type = '', message = '' } = {}] = error.errors as readonly { readonly type?: string; readonly message?: string }[];
  if (type === 'STALE_DATA' || /expected branch to point to/i.test(message))
    return new WorldError('head-moved', `Could not ${doing} of ${repository}: the branch was moved by somebody else meanwhile.`);
  const status = { FORBIDDEN: 403, INSUFFICIENT_SCOPES: 403, NOT_FOUND: 404, RATE_LIMITED: 429 }[type] ?? 422;
  const failure = failureOf(Object.assign(new Error(message), { status, response: {} }));
  return failure && explainFailure(failure, doing, repository, 'contents');
}
