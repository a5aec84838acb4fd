import { z } from 'zod';
import type { UserError } from '../../kernel/errors.ts';
import { slot } from '../../kernel/stage.ts';

export interface Message {
  /** One line. */
  readonly subject: string;
  /** Plain text; the notifier escapes for its own target. */
  readonly text: string;
  /** Name and value pairs worth a row each. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly links: readonly { readonly name: string; readonly url: string }[];
  readonly tone: 'good' | 'bad' | 'neutral';
}

/** Sends one message. A failure is a `WorldError` (down, refused for now) or `UserError` (bad address, bad credentials). */
export interface Notifier {
  readonly name: string;
  send(message: Message, signal: AbortSignal): Promise<void>;
  /** What the user must mend before it can send at all: a secret that is not there, an address that is none. */
  readonly unfit?: UserError;
}

export const notifiers = slot<readonly Notifier[]>('notifiers');

/** What notify lets a pipeline file say about where messages go. Secrets are not keys: they come from the environment. */
export const notifierInputs = {
  slack: z.boolean().default(false).describe('Send to the Slack webhook whose address is in the secret SLACK_WEBHOOK_URL.'),
  email: z
    .strictObject({
      to: z.array(z.string().min(3)).min(1).describe('Addresses the mail goes to.'),
      from: z.string().min(3).describe('Address the mail comes from.'),
      host: z.string().min(1).describe('SMTP server, e.g. smtp.gmail.com.'),
      port: z.int().min(1).max(65_535).optional().describe('Port. Absent: 587, or 465 with `tls: implicit`.'),
      tls: z
        .enum(['starttls', 'implicit', 'none'])
        .default('starttls')
        .describe('`starttls` never speaks on without TLS; `none` is for a relay on the same machine.'),
      user: z.string().optional().describe('User name; the password is in the secret SMTP_PASSWORD. Absent: no authentication.'),
      ca: z
        .string()
        .optional()
        .describe('PEM file with certificates to trust besides those of the system. Absent: only those of the system.'),
    })
    .optional()
    .describe('Send a mail. Absent: no mail is sent.'),
} as const;
export type NotifierChoice = z.output<z.ZodObject<typeof notifierInputs>>;
