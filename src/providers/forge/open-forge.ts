import { UserError } from '../../kernel/errors.ts';
import type { Forge } from './forge.ts';

/** Opens the forge of the repository the environment names: `GITHUB_REPOSITORY`, `GITHUB_TOKEN`, and on GitHub Enterprise `GITHUB_API_URL`. */
export async function openForge(env: Readonly<Record<string, string | undefined>>, log: (line: string) => void): Promise<Forge> {
  const repository = env.GITHUB_REPOSITORY;
  const token = env.GITHUB_TOKEN;
  const missing = [!repository && 'GITHUB_REPOSITORY (owner/name)', !token && 'GITHUB_TOKEN'].filter(Boolean);
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
