import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { Forge } from '../forge/forge.ts';
import type { Registry } from './registry.ts';

export interface RegistryPlace {
  readonly home: string;
  /** What relative paths in the URI are relative to. */
  readonly base: string;
  readonly log: (line: string) => void;
  /** The repository's forge, opened only by a registry that lives there. */
  readonly forge: () => Promise<Forge>;
}

/** Opens the registry a URI names: `file` (in the home folder), `file:FOLDER`, `git` (branch `retrain-registry`) or `git:BRANCH`. */
export async function openRegistry(uri: string, { home, base, log, forge }: RegistryPlace): Promise<Registry> {
  const [scheme, rest] = uri.includes(':') ? [uri.slice(0, uri.indexOf(':')), uri.slice(uri.indexOf(':') + 1)] : [uri, ''];
  switch (scheme) {
    case 'file': {
      const { fileRegistry } = await import('./file.ts');
      const path = rest.replace(/^\/\//, '');
      return fileRegistry({ root: path === '' ? join(home, 'registry') : isAbsolute(path) ? path : resolve(base, path), log });
    }
    case 'git': {
      const { gitRegistry } = await import('./git.ts');
      return gitRegistry({ forge: await forge(), log, ...(rest !== '' && { branch: checkedBranch(rest) }) });
    }
    default:
      throw new UserError('unknown-registry', `registry: expected file, file:FOLDER, git or git:BRANCH, found "${uri}".`);
  }
}

/** Names that git takes for a branch and that mean nothing else in a URL or a tag. */
function checkedBranch(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/.test(name) && !/\.\.|\.lock(?:\/|$)|\.(?:\/|$)/.test(name))
    return name;
  throw new UserError(
    'bad-branch',
    `registry: ${JSON.stringify(name)} is no name for a branch: expected letters, digits, ".", "-", "_" and "/".`,
  );
}
