import { UserError } from '../../kernel/errors.ts';

/** The names a path of an artifact is made of; nothing that could lead elsewhere. `UserError` `bad-path`. */
export function artifactParts(path: string): readonly string[] {
  const parts = path.split('/');
  if (!parts.some((part) => part === '' || part === '.' || part === '..' || /[\\:\0-\x1f]/.test(part))) return parts;
  throw new UserError('bad-path', `${JSON.stringify(path)} cannot be the path of an artifact: expected names separated by "/".`);
}
