import { join } from 'node:path';
import type { JobCache } from './job-cache.ts';

export interface JobCachePlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of Retrain itself. */
  readonly root: string;
  readonly bundled: boolean;
  readonly log: (line: string) => void;
}

/** The cache of the runner this is, if it has one; a machine of one's own keeps its files itself. */
export async function openJobCache({ env, root, bundled, log }: JobCachePlace): Promise<JobCache | undefined> {
  if (env.GITHUB_ACTIONS !== 'true' || !env.ACTIONS_RUNTIME_TOKEN || (!env.ACTIONS_RESULTS_URL && !env.ACTIONS_CACHE_URL)) return undefined;
  const { gitHubCache } = await import('./github-cache.ts');
  const bundle = `require(${JSON.stringify(join(root, 'actions', 'dist', 'index.js'))}).runWorker('github-cache');`;
  const child = bundled
    ? [process.execPath, '--input-type=commonjs', '-e', bundle]
    : [process.execPath, join(root, 'src', 'providers', 'caches', 'github-cache-child.ts')];
  return gitHubCache({ env, child, log });
}
