import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { UserError, WorldError } from '../../kernel/errors.ts';

const TIMEOUT_MS = 10_000;
const TRIES = 3;
const PAUSE_MS = 500;
const answer = z.object({ value: z.string().min(1) });

/**
 * Gives a fresh identity token of this workflow's job for an audience each time it is asked. GitHub's tokens live five minutes,
 * so a long job asks again rather than keep one. Errors: `no-id-token` (the job may not have one), `id-token-service`.
 */
export function gitHubIdentity(
  env: Readonly<Record<string, string | undefined>>,
  audience: string,
): { getSubjectToken(): Promise<string> } {
  return {
    async getSubjectToken() {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env;
      if (!url || !token) {
        throw new UserError('no-id-token', 'This job may not ask GitHub for an identity token, which Google Cloud wants to see.', {
          todo: 'Give the job `permissions: id-token: write`; outside of GitHub unset RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER.',
        });
      }
      const where = new URL(url);
      where.searchParams.set('audience', audience);
      for (let tried = 1; ; tried++) {
        const found = await ask(where, token);
        if (typeof found === 'string') return found;
        if (!found.passing || tried === TRIES)
          throw new WorldError('id-token-service', `GitHub gave no identity token: ${found.why}.`, { todo: 'Run the job again.' });
        await delay(PAUSE_MS * 2 ** (tried - 1));
      }
    },
  };
}

async function ask(where: URL, token: string): Promise<string | { readonly passing: boolean; readonly why: string }> {
  try {
    const reply = await fetch(where, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    if (!reply.ok) {
      await reply.body?.cancel();
      return { passing: reply.status >= 500 || reply.status === 429, why: `HTTP ${reply.status}` };
    }
    const parsed = answer.safeParse(await reply.json());
    return parsed.success ? parsed.data.value : { passing: false, why: 'the answer holds no token' };
  } catch (error) {
    return { passing: true, why: error instanceof Error ? error.name : 'no connection' };
  }
}
