import { createTransport } from 'nodemailer';
import { Cancelled, TimedOut, UserError, WorldError } from '../../kernel/errors.ts';
import type { Message, Notifier } from './notifier.ts';
import { cut, oneLine, plainText } from './plain-text.ts';

export interface SmtpOptions {
  readonly host: string;
  /** 587 by default; 465 with `implicit`. */
  readonly port?: number;
  /** `starttls` (default) never speaks on without TLS; `implicit` begins with it; `none` is for a relay on this machine. */
  readonly tls?: 'starttls' | 'implicit' | 'none';
  /** Certificates (PEM) to trust besides the system's, for a server with its own authority. */
  readonly ca?: string;
  readonly user?: string;
  readonly password?: string;
  readonly from: string;
  readonly to: readonly string[];
  /** For connecting, greeting and each silence; 15 by default. */
  readonly timeoutSeconds?: number;
}

const SUBJECT_MAX = 200;
/** Longer mails are refused or clipped by the large providers. */
const TEXT_MAX = 100_000;
const FACTS_MAX = 200;
const RECIPIENTS_MAX = 100;
/** Certificate errors of Node that begin with none of the common prefixes. */
const CERTIFICATE_CODES = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** Sends one plain-text mail to all recipients through a mail server. */
export function smtpNotifier(options: SmtpOptions): Notifier {
  const { host, tls = 'starttls', user, password, timeoutSeconds = 15 } = options;
  const port = options.port ?? (tls === 'implicit' ? 465 : 587);
  const from = checkedAddress(options.from, 'sender');
  const to = options.to.map((address) => checkedAddress(address, 'recipient'));
  if (to.length === 0 || to.length > RECIPIENTS_MAX) {
    throw new UserError('bad-recipients', `Expected 1 to ${RECIPIENTS_MAX} recipients, found ${to.length}.`, {
      todo: 'Correct `notify.to`.',
    });
  }
  if ((user === undefined) !== (password === undefined)) {
    throw new UserError(
      'bad-credentials',
      `The mail server's ${user === undefined ? 'password is set, but no user' : 'user is set, but no password'}.`,
      {
        todo: 'Set both, or neither.',
      },
    );
  }

  return {
    name: 'smtp',
    async send(message, signal) {
      signal.throwIfAborted();
      const transport = createTransport({
        host,
        port,
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        tls: { minVersion: 'TLSv1.2', ...(options.ca === undefined ? {} : { ca: options.ca }) },
        ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
        connectionTimeout: timeoutSeconds * 1_000,
        greetingTimeout: timeoutSeconds * 1_000,
        socketTimeout: timeoutSeconds * 1_000,
        dnsTimeout: timeoutSeconds * 1_000,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        const sent = await transport.sendMail({
          from: { name: 'Retrain', address: from },
          to: to.map((address) => ({ name: '', address })),
          subject: oneLine(message.subject, SUBJECT_MAX) || 'Retrain',
          text: mailText(message),
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal,
        });
        if (sent.rejected.length > 0) throw refusedRecipients(sent.rejected.map(String), sent.accepted.map(String));
      } catch (error) {
        signal.throwIfAborted();
        throw explained(error, { server: `${host}:${port}`, timeoutSeconds, password });
      } finally {
        transport.close();
      }
    },
  };
}

/** The body: the text, one line for each fact, one for each link. */
export function mailText(message: Message): string {
  const width = Math.min(30, Math.max(0, ...message.facts.map(([name]) => oneLine(name, 100).length)));
  const facts = message.facts.slice(0, FACTS_MAX).map(([name, value]) => `${oneLine(name, 100).padEnd(width)}  ${oneLine(value, 500)}`);
  const links = message.links.map(({ name, url }) => `${oneLine(name, 100)}: ${oneLine(url, 2_000)}`);
  return `${[plainText(cut(message.text, TEXT_MAX)).trim(), facts.join('\n'), links.join('\n')].filter((part) => part !== '').join('\n\n')}\n`;
}

/** One bare address: nothing in it can begin another header or add another recipient. */
function checkedAddress(address: string, role: string): string {
  if (/^[^\s@<>(),;:"\\[\]\p{C}]+@[^\s@<>(),;:"\\\p{C}]+$/u.test(address) && address.length <= 254) return address;
  throw new UserError(
    'bad-address',
    `${JSON.stringify(address.slice(0, 300))} is no mail address for the ${role}: expected name@domain and nothing else.`,
    {
      todo: `Correct the ${role} of the mail.`,
    },
  );
}

interface Circumstances {
  readonly server: string;
  readonly timeoutSeconds: number;
  readonly password?: string;
}

function explained(error: unknown, { server, timeoutSeconds, password }: Circumstances): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const { code = '', response = '', responseCode } = error as Error & { code?: string; response?: string; responseCode?: number };
  const cause = 'cause' in error && error.cause instanceof Error ? error.cause : error;
  const inner = 'code' in cause ? String(cause.code) : code;
  const words = oneLine(response || error.message, 200);
  const said = password ? words.replaceAll(password, '…') : words;
  // No `cause` on these: a library's error may carry what was sent, and with it the password.
  if (code === 'EABORT') return new Cancelled();
  if (CERTIFICATE_CODES.test(inner) || CERTIFICATE_CODES.test(code) || /certificate|altname/i.test(error.message)) {
    return new UserError('mail-tls', `The certificate of ${server} is not trusted: ${said}.`, {
      todo: 'Give the certificate of its authority as `ca`; checking is never switched off.',
    });
  }
  if (code === 'ETLS') {
    return new UserError('mail-tls', `${server} offers no STARTTLS, and nothing is sent without it: ${said}.`, {
      todo: 'Use the port that offers STARTTLS (587) or TLS from the start (465 with `tls: implicit`).',
    });
  }
  if (code === 'EAUTH' || code === 'ENOAUTH' || code === 'EOAUTH2') {
    if (responseCode !== undefined && responseCode < 500)
      return new WorldError('mail-deferred', `${server} did not let us in for now: ${said}.`, { todo: 'Run again later.' });
    return new UserError('mail-credentials', `${server} did not accept user and password: ${said}.`, {
      todo: 'Renew them in the secret; many providers want an app password.',
    });
  }
  if (code === 'ETIMEDOUT')
    return new TimedOut(`${server} did not answer within ${timeoutSeconds} s.`, {
      todo: 'Some networks close port 587 and 465; try from another, or another port.',
    });
  if (responseCode !== undefined && responseCode >= 500) {
    return new UserError('mail-refused', `${server} refused the mail: ${said}.`, { todo: 'Check sender and recipients.' });
  }
  if (responseCode !== undefined)
    return new WorldError('mail-deferred', `${server} cannot take the mail now: ${said}.`, { todo: 'Run again later.' });
  return new WorldError('mail-unreachable', `${server} could not be reached: ${said}.`, {
    todo: 'Check host, port and the network of the runner.',
  });
}

function refusedRecipients(rejected: readonly string[], accepted: readonly string[]): UserError {
  return new UserError('mail-refused', `The mail server refused ${rejected.join(', ')}; the mail went to ${accepted.join(', ')}.`, {
    todo: 'Correct `notify.to`.',
  });
}
