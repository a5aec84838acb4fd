import type { TestContext } from 'node:test';
import { githubForge } from '../../../src/providers/forge/github-forge.ts';
import { gitRegistry } from '../../../src/providers/registries/git.ts';
import { registryContract } from '../../contracts/registry.ts';
import { githubStandIn } from '../../stand-ins/github.ts';

async function emptyRegistry(context: TestContext, inlineBytes?: number) {
  const github = await githubStandIn(context);
  const { repository, token, apiUrl } = github;
  const said: string[] = [];
  const log = (line: string) => said.push(line);
  const again = () => gitRegistry({ forge: githubForge({ repository, token, apiUrl, pauseMs: 1, log }), log, pauseMs: 20, inlineBytes });
  return { github, said, again, registry: again() };
}

registryContract('git', (context) => emptyRegistry(context, 0));
