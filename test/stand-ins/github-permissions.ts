import type { Permissions } from './workflow-file.ts';

const AREAS: readonly (readonly [RegExp, string])[] = [
  [/^\/(?:issues\/|pulls)/, 'pull-requests'],
  [/^\/actions\//, 'actions'],
  [/^\/(?:git|contents|commits|releases)(?:\/|$)/, 'contents'],
];

/** May a token with these permissions send this request? `path`: what follows `/repos/OWNER/NAME`; `graphql` for a commit. */
export function isAllowed(permissions: Permissions, method: string, path: string): boolean {
  const scope = path === 'graphql' ? 'contents' : AREAS.find(([pattern]) => pattern.test(path))?.[1];
  if (scope === undefined) return true;
  const access = permissions[scope] ?? 'none';
  return method === 'GET' ? access !== 'none' : access === 'write';
}
