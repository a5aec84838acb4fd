import { UserError } from '../../kernel/errors.ts';
import type { Registry } from '../../providers/registries/registry.ts';
import type { Around } from '../run.ts';

/**
 * A registry in the repository is written with the token of a job, and the job that looks has another one than the job that publishes:
 * GitHub compares what that one asks for with what the caller grants, before anything runs. So the gate asks only whether it can be read.
 */
export const leaveWritingToPublish: Around = (kind, provider) => {
  if (kind !== 'registry') return provider;
  const registry = provider as Registry;
  if (registry.propose === undefined) return registry;
  const probe: Registry['probe'] = (signal) =>
    registry.probe(signal).catch((error: unknown) => {
      if (!(error instanceof UserError) || error.code !== 'registry-not-writable') throw error;
    });
  return { ...registry, probe };
};
