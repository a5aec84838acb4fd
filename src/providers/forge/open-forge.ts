import { UserError } from '../../kernel/errors.ts';
import type { Forge } from './forge.ts';
import { repositoryOfRemote } from './git-remote.ts';

export interface ForgePlace {
  /** A folder of the repository, whose remote `origin` is asked where the environment does not name one. */
  readonly base: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  /** Ends the wait for the remote. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the forge of the repository that the environment names (`GITHUB_REPOSITORY`), or else the remote `origin`; with `GITHUB_TOKEN`, and on
 * GitHub Enterprise `GITHUB_API_URL` and `GITHUB_SERVER_URL`.
 */
export async function openForge({ base, env, log, signal }: ForgePlace): Promise<Forge> {
  const repository = env.GITHUB_REPOSITORY || (await repositoryOfRemote(base, env, { server: env.GITHUB_SERVER_URL || undefined, signal }));
  const token = env.GITHUB_TOKEN;
  const missing = [
    !repository && 'GITHUB_REPOSITORY (owner/name; no remote `origin` here names one on GitHub)',
    !token && 'GITHUB_TOKEN',
  ].filter(Boolean);
  if (!repository || !token)
    throw new UserError('no-forge', `The environment does not say which repository on GitHub: ${missing.join(' and ')} missing.`, {
      todo: 'Set them; in a terminal `GITHUB_TOKEN=$(gh auth token)`, in a workflow `env: GITHUB_TOKEN` from github.token.',
    });
  const { githubForge } = await import('./github-forge.ts');
  return githubForge({
    repository,
    token,
    log,
    ...(env.GITHUB_API_URL && { apiUrl: env.GITHUB_API_URL }),
    ...(env.GITHUB_SERVER_URL && { serverUrl: env.GITHUB_SERVER_URL }),
  });
}
