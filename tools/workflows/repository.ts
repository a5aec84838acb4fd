import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../process.ts';

/** `owner/name` of this project's repository. `repository` in package.json is the only place that says it. */
export function repositoryName(): string {
  const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { repository?: string | { url?: string } };
  const text = typeof repository === 'string' ? repository : (repository?.url ?? '');
  const found = /(?:^github:|github\.com[/:])([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(text);
  if (!found?.[1]) throw new Error(`package.json: expected repository such as github:owner/name, found "${text}".`);
  return found[1];
}
