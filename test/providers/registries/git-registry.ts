import type { TestContext } from 'node:test';
import { githubForge } from '../../../src/providers/forge/github-forge.ts';
import { gitRegistry } from '../../../src/providers/registries/git.ts';
import { githubStandIn } from '../../stand-ins/github.ts';

/** Without `inlineBytes` small text goes into the branch; 0: every file is an asset. */
export async function emptyGitRegistry(context: TestContext, inlineBytes?: number) {
  const github = await githubStandIn(context);
  const { repository, token, apiUrl } = github;
  const said: string[] = [];
  const log = (line: string) => said.push(line);
  const again = () => gitRegistry({ forge: githubForge({ repository, token, apiUrl, pauseMs: 1, log }), log, pauseMs: 20, inlineBytes });
  const lines = async (): Promise<string[]> => (await github.git.text(['log', '--format=%s', 'retrain-registry'])).split('\n');
  return { github, said, again, lines, registry: again() };
}
