import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { Registry } from './registry.ts';

export interface RegistryPlace {
  readonly home: string;
  /** What relative paths in the URI are relative to. */
  readonly base: string;
  readonly log: (line: string) => void;
}

/** Opens the registry a URI names: `file` (in the home folder) or `file:FOLDER`. */
export async function openRegistry(uri: string, { home, base, log }: RegistryPlace): Promise<Registry> {
  const [scheme, rest] = uri.includes(':') ? [uri.slice(0, uri.indexOf(':')), uri.slice(uri.indexOf(':') + 1)] : [uri, ''];
  switch (scheme) {
    case 'file': {
      const { fileRegistry } = await import('./file.ts');
      const path = rest.replace(/^\/\//, '');
      return fileRegistry({ root: path === '' ? join(home, 'registry') : isAbsolute(path) ? path : resolve(base, path), log });
    }
    default:
      throw new UserError('unknown-registry', `registry: expected file or file:FOLDER, found "${uri}".`);
  }
}
