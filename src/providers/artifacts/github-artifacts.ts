import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DefaultArtifactClient } from '@actions/artifact';
import { withDeadline } from '../../kernel/deadline.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { withRetries } from '../../kernel/retry.ts';
import type { Artifacts } from './artifacts.ts';

const ATTEMPT_SECONDS = 1_800;
const DEFAULT_POLICY = { retries: 3, delaySeconds: 10 };

/**
 * Artifacts of the workflow run this process belongs to. The client retries what the service answers (429, 5xx) but not connections that
 * break or hang: that is done here. Each attempt has a name of its own, for a name is taken once the service has heard it.
 */
export function gitHubArtifacts(log: (line: string) => void, policy = DEFAULT_POLICY): Artifacts {
  const tried = <T>(what: string, signal: AbortSignal, attempt: (number: number) => Promise<T>): Promise<T> =>
    withRetries(
      (number) => withDeadline(() => attempt(number).catch((error: unknown) => refuse(what, error)), signal, ATTEMPT_SECONDS),
      policy,
      signal,
      (error, next) => log(`${error instanceof Error ? error.message : String(error)} Attempt ${next} of ${policy.retries + 1}.`),
    );

  return {
    save: (name, folder, files, days, signal) =>
      tried(`The artifact ${name} was not kept`, signal, async (number) => {
        const { id, digest } = await new DefaultArtifactClient().uploadArtifact(
          number === 1 ? name : `${name}-${number}`,
          files.map((path) => join(folder, path)),
          folder,
          { retentionDays: days },
        );
        if (id === undefined || digest === undefined) throw new Error('the service gave no id or digest');
        return { id, digest: `sha256:${digest}` };
      }),

    restore: ({ id, digest }, folder, signal) =>
      tried(`The artifact ${id} was not fetched`, signal, async () => {
        await rm(folder, { recursive: true, force: true });
        await mkdir(folder, { recursive: true });
        // Without expectedHash nothing is compared; with it a difference is told, not thrown.
        const { digestMismatch } = await new DefaultArtifactClient().downloadArtifact(id, { path: folder, expectedHash: digest });
        if (digestMismatch) {
          throw new UserError('digest-mismatch', `Artifact ${id} does not have the digest ${digest} it was saved with.`, {
            todo: 'Run all jobs again; nothing of this artifact was used.',
          });
        }
      }),
  };
}

function refuse(what: string, error: unknown): never {
  if (error instanceof UserError) throw error;
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : '';
  if (name === 'ArtifactNotFoundError' || name === 'GHESNotSupportedError' || name === 'UsageError') {
    throw new UserError('no-artifact', `${what}: ${message}`, {
      cause: error,
      todo: 'Run all jobs again if the artifact has expired; free storage if it is full; artifacts are not available on GitHub Enterprise Server.',
    });
  }
  throw new WorldError('artifact-service', `${what}: ${message}`, { cause: error, todo: 'Run the failed jobs again.' });
}
