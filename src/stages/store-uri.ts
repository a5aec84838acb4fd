import type { Problem } from '../kernel/errors.ts';

/** What is wrong with a reference by its beginning alone: a store that nobody serves. */
export function unservedStore(path: string, reference: string | undefined): readonly Problem[] {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(reference ?? '')?.[0];
  if (scheme === undefined || ['file://', 'gs://', 'hf://'].includes(scheme)) return [];
  return [{ path, message: `expected a path, gs://… or hf://…, found ${JSON.stringify(reference)}: no store of ${scheme} is known.` }];
}
