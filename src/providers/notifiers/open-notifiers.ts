import { readFile } from 'node:fs/promises';
import { UserError } from '../../kernel/errors.ts';
import type { Notifier, NotifierChoice } from './notifier.ts';

/** Every notifier the inputs of `notify` ask for. A secret that is missing is named, with where to set it. */
export async function openNotifiers(
  { slack, email }: NotifierChoice,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Notifier[]> {
  const notifiers: Notifier[] = [];
  if (slack) {
    const { slackNotifier } = await import('./slack.ts');
    notifiers.push(slackNotifier({ webhook: secret(env, 'SLACK_WEBHOOK_URL', 'notify.slack is true') }));
  }
  if (email) {
    const { smtpNotifier } = await import('./smtp.ts');
    const { ca, user, ...rest } = email;
    notifiers.push(
      smtpNotifier({
        ...rest,
        ...(ca !== undefined && { ca: await readFile(ca, 'utf8') }),
        ...(user !== undefined && { user, password: secret(env, 'SMTP_PASSWORD', 'notify.email.user is set') }),
      }),
    );
  }
  return notifiers;
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
