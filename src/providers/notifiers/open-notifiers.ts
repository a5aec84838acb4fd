import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { Notifier, NotifierChoice } from './notifier.ts';

/**
 * Every notifier the inputs of `notify` ask for; one that cannot be made is `unfit`, and keeps no other from sending. Paths are relative to
 * `base`.
 */
export async function openNotifiers(
  { slack, email }: NotifierChoice,
  env: Readonly<Record<string, string | undefined>>,
  base: string,
): Promise<readonly Notifier[]> {
  const notifiers: Notifier[] = [];
  if (slack) {
    const { slackNotifier } = await import('./slack.ts');
    notifiers.push(await made('slack', async () => slackNotifier({ webhook: secret(env, 'SLACK_WEBHOOK_URL', 'notify.slack is true') })));
  }
  if (email) {
    const { smtpNotifier } = await import('./smtp.ts');
    const { ca, user, ...rest } = email;
    notifiers.push(
      await made('smtp', async () =>
        smtpNotifier({
          ...rest,
          ...(ca !== undefined && { ca: await readCertificates(resolve(base, ca), ca) }),
          ...(user !== undefined && { user, password: secret(env, 'SMTP_PASSWORD', 'notify.email.user is set') }),
        }),
      ),
    );
  }
  return notifiers;
}

/** A notifier, or one that only says what it lacks. */
async function made(name: string, make: () => Promise<Notifier>): Promise<Notifier> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, unfit: error, send: () => Promise.reject(error) };
  }
}

async function readCertificates(path: string, shown: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UserError('unreadable-certificates', `notify.email.ca: ${shown} cannot be read (looked for ${path}).`, {
      cause,
      todo: 'Correct the path; it is relative to the project.',
    });
  });
}

function secret(env: Readonly<Record<string, string | undefined>>, name: string, because: string): string {
  const value = env[name];
  if (value === undefined || value === '') {
    throw new UserError('missing-secret', `${because}, but the secret ${name} is not there.`, {
      todo: `Set the environment variable ${name}; on GitHub, as a secret handed to the workflow.`,
    });
  }
  return value;
}
