import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 10_000;
const NAME = /^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/;

/**
 * `owner/name` of the repository that the git remote `origin` of a folder leads to; undefined where there is no git, no such remote, or where
 * it leads to another server. Ten seconds at most.
 */
export async function repositoryOfRemote(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  { server = 'https://github.com', signal }: { readonly server?: string; readonly signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const { PATH, HOME } = env;
  signal?.throwIfAborted();
  const asking = promisify(execFile)('git', ['-C', folder, 'remote', 'get-url', 'origin'], {
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    signal,
    env: { PATH, HOME, GIT_TERMINAL_PROMPT: '0' },
  });
  // The signal alone would send SIGTERM.
  const end = () => void asking.child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  const asked = await asking.catch(() => undefined).finally(() => signal?.removeEventListener('abort', end));
  signal?.throwIfAborted();
  return asked && repositoryAt(asked.stdout.trim(), new URL(server).hostname);
}

/** Of an address as git takes it (`https://…`, `ssh://…`, `git@host:owner/name`), on this server alone. */
export function repositoryAt(address: string, host: string): string | undefined {
  const [, short, path = ''] = /^(?:[^@/]+@)?([^:/]+):(?!\/)(.+)$/.exec(address) ?? [];
  const url = short === undefined ? URL.parse(address) : { hostname: short, pathname: `/${path}` };
  const name =
    url?.pathname
      .slice(1)
      .replace(/\/$/, '')
      .replace(/\.git$/, '') ?? '';
  return url?.hostname.toLowerCase() === host && NAME.test(name) ? name : undefined;
}
