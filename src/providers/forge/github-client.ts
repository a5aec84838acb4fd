import { setTimeout as delay } from 'node:timers/promises';
import { getOctokit } from '@actions/github';
import { UserError } from '../../kernel/errors.ts';
import { explainFailure, failureOf, isPassing, type Permission, restAfter } from './github-errors.ts';

export interface GitHubOptions {
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
  /** `GITHUB_API_URL`; GitHub Enterprise Server has its own. */
  readonly apiUrl?: string;
  /** Told when a request waits. */
  readonly log?: (line: string) => void;
  readonly timeoutMs?: number;
  /** Longest rest GitHub may ask for before the request is given up. */
  readonly longestRestMs?: number;
  /** Rest before a request that got no answer is sent again. */
  readonly pauseMs?: number;
}

export type Octokit = ReturnType<typeof getOctokit>;

export interface AskOptions {
  readonly signal: AbortSignal;
  /** Named when GitHub forbids the request. */
  readonly permission?: Permission;
  /** Sending it twice does what sending it once does; only such a request is sent again when no answer came. */
  readonly repeatable?: boolean;
  readonly timeoutMs?: number;
}

/** What a request is given to say in its `request` field. */
export type Wire = { readonly signal: AbortSignal };

/** Sends one request: with a time limit, obeying the signal, resting when GitHub wants it; failures come as errors of ours. */
export type Ask = <T>(doing: string, call: (octokit: Octokit, request: Wire) => Promise<T>, options: AskOptions) => Promise<T>;

const TIMEOUT_MS = 30_000;
const LONGEST_REST_MS = 180_000;
const TRIES_MAX = 5;

export function githubClient({ repository, token, apiUrl, log, ...limits }: GitHubOptions): {
  readonly ask: Ask;
  readonly octokit: Octokit;
} {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const octokit = getOctokit(token, { ...(apiUrl !== undefined && { baseUrl: apiUrl }), log: silent });
  const withoutToken = (text: string) => text.replaceAll(token, '***');

  const ask: Ask = async (doing, call, { signal, permission = 'contents', repeatable = true, timeoutMs }) => {
    for (let tried = 1; ; tried++) {
      signal.throwIfAborted();
      try {
        const within = AbortSignal.timeout(timeoutMs ?? limits.timeoutMs ?? TIMEOUT_MS);
        return await call(octokit, { signal: AbortSignal.any([signal, within]) });
      } catch (error) {
        signal.throwIfAborted();
        const found = failureOf(error);
        if (found === undefined) throw error;
        const failure = { ...found, message: withoutToken(found.message) };
        const asked = restAfter(failure, Date.now());
        const longest = limits.longestRestMs ?? LONGEST_REST_MS;
        const rest = asked ?? (isPassing(failure) && repeatable ? (limits.pauseMs ?? 1000) * 2 ** (tried - 1) : undefined);
        if (rest === undefined || rest > longest || tried === TRIES_MAX) throw explainFailure(failure, doing, repository, permission);
        log?.(`GitHub: could not ${doing} (${failure.status}); next try in ${Math.ceil(rest / 1000)} s.`);
        await delay(rest, undefined, { signal });
      }
    }
  };
  return { ask, octokit };
}

/** Owner and name of `owner/name`. */
export function splitRepository(repository: string): { readonly owner: string; readonly repo: string } {
  const match = /^([\w.-]+)\/([\w.-]+)$/.exec(repository);
  if (match) return { owner: match[1] as string, repo: match[2] as string };
  throw new UserError('bad-repository', `Expected a repository as owner/name, found ${JSON.stringify(repository)}.`, {
    todo: 'Set GITHUB_REPOSITORY, e.g. GITHUB_REPOSITORY=acme/churn.',
  });
}
