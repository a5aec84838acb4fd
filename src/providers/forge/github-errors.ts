import { type FaultyError, TimedOut, UserError, WorldError } from '../../kernel/errors.ts';

/** What a failed request tells, whatever package it came through. */
export interface GitHubFailure {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** No answer came at all. */
  readonly unanswered: boolean;
}

/** Which permission a request needs; named when GitHub says 403. */
export type Permission = 'contents' | 'pull-requests' | 'actions';

export function failureOf(error: unknown): GitHubFailure | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  const response = 'response' in error && typeof error.response === 'object' && error.response !== null ? error.response : undefined;
  const headers = response && 'headers' in response ? (response.headers as GitHubFailure['headers']) : {};
  return { status: error.status, message: error.message, headers, unanswered: response === undefined };
}

/** GitHub's advice where it gives none: secondary limits without `retry-after` want at least a minute. */
const SECONDARY_LIMIT_MS = 60_000;

/** How long GitHub wants to be left alone, in ms; undefined when the failure is not about rates. */
export function restAfter({ status, message, headers }: GitHubFailure, now: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const seconds = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && Number.isFinite(seconds)) return Math.max(0, seconds) * 1000;
  if (headers['x-ratelimit-remaining'] === '0') return Math.max(0, Number(headers['x-ratelimit-reset'] ?? 0) * 1000 - now) + 1000;
  return status === 429 || /secondary rate limit|abuse detection/i.test(message) ? SECONDARY_LIMIT_MS : undefined;
}

/** Worth another try as it stands: no answer, or a fault of GitHub's own machines. */
export const isPassing = ({ status, unanswered }: GitHubFailure): boolean => unanswered || [500, 502, 503, 504].includes(status);

/** The failure as one of ours. `doing`: what was tried, e.g. `read branch retrain-registry`. */
export function explainFailure(failure: GitHubFailure, doing: string, repository: string, permission: Permission): FaultyError {
  const { status, message } = failure;
  const told = `Could not ${doing} of ${repository}: `;
  if (failure.unanswered)
    return /aborted due to timeout/i.test(message)
      ? new TimedOut(`${told}GitHub gave no answer in time.`, { todo: 'Run again; see githubstatus.com.' })
      : new WorldError('forge-unreachable', `${told}no answer (${message}).`, { todo: 'Run again; see githubstatus.com.' });
  if (restAfter(failure, Date.now()) !== undefined)
    return new WorldError('rate-limited', `${told}GitHub limits the rate of requests (${status}: ${message}).`, {
      todo: 'Run again later; a token has about 1,000 requests per hour and repository.',
    });
  switch (status) {
    case 401:
      return new UserError('forge-unauthorized', `${told}GitHub does not accept the token (401).`, {
        todo: 'Give a valid token in GITHUB_TOKEN; on GitHub, set GITHUB_TOKEN from github.token.',
      });
    case 403:
      return new UserError('forge-forbidden', `${told}the token may not (403: ${message}). It needs the permission ${permission}: write.`, {
        todo: `Add \`permissions: { ${permission}: write }\` to the job. A pull request from a fork never gets it: leave writing to a \`workflow_run\` workflow.`,
      });
    case 404:
      return new UserError('forge-not-found', `${told}GitHub shows no such thing to this token (404).`, {
        todo: `Check GITHUB_REPOSITORY, and that the token may read ${repository}.`,
      });
    default:
      return status >= 500
        ? new WorldError('forge-unreachable', `${told}GitHub answered ${status} (${message}).`, {
            todo: 'Run again; see githubstatus.com.',
          })
        : new UserError('forge-refused', `${told}GitHub refused it (${status}: ${message}).`);
  }
}
