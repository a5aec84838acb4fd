import { setTimeout as sleep } from 'node:timers/promises';
import { TimedOut, UserError, WorldError } from '../../kernel/errors.ts';
import type { Message, Notifier } from './notifier.ts';
import { cut, oneLine, plainText, webAddress } from './plain-text.ts';

export interface SlackOptions {
  /** Incoming-webhook address: a secret, never part of a message. */
  readonly webhook: string;
  /** For one request; 10 by default. */
  readonly timeoutSeconds?: number;
  /** Longest wait that Slack may ask for with `Retry-After`; 30 by default. */
  readonly retryAfterSecondsMax?: number;
}

// Limits of Slack's messages and blocks: api.slack.com/reference/block-kit/blocks.
const TEXT_MAX = 40_000;
const BLOCKS_MAX = 50;
const HEADER_MAX = 150;
const SECTION_MAX = 3_000;
const FIELDS_MAX = 10;
const FIELD_MAX = 2_000;
const ATTEMPTS_MAX = 3;

const MARKS = { good: '✅', bad: '❌', neutral: 'ℹ️' } as const;

/** Posts to an incoming webhook. Only a refusal for now (429) is tried again: after anything else the message may have arrived. */
export function slackNotifier({ webhook, timeoutSeconds = 10, retryAfterSecondsMax = 30 }: SlackOptions): Notifier {
  const address = checkedWebhook(webhook);
  return {
    name: 'slack',
    async send(message, signal) {
      const body = JSON.stringify(slackPayload(message));
      for (let attempt = 1; ; attempt += 1) {
        const response = await post(address, body, timeoutSeconds, signal);
        if (response.status === 200) return;
        const wait = response.retryAfterSeconds;
        if (response.status !== 429 || attempt === ATTEMPTS_MAX || wait > retryAfterSecondsMax) throw refusal(response);
        await sleep(wait * 1_000, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    },
  };
}

/** The JSON that Slack gets; everything in it is cut to Slack's limits. */
export function slackPayload(message: Message): { readonly text: string; readonly blocks: readonly unknown[] } {
  const subject = oneLine(message.subject, HEADER_MAX - 4);
  const text = plainText(message.text.slice(0, TEXT_MAX)).trim();
  const blocks: unknown[] = [{ type: 'header', text: plain(`${MARKS[message.tone]} ${subject}`) }];
  for (const part of sections(text)) blocks.push({ type: 'section', text: plain(part) });

  const fields = message.facts.map(([name, value]) =>
    markdown(`*${escapeSlack(oneLine(name, 200))}*\n${escapeSlack(oneLine(value, 300))}`),
  );
  for (let from = 0; from < fields.length; from += FIELDS_MAX)
    blocks.push({ type: 'section', fields: fields.slice(from, from + FIELDS_MAX) });

  const links = message.links.map(({ name, url }) => slackLink(name, url));
  if (links.length > 0) blocks.push({ type: 'section', text: markdown(joined(links, SECTION_MAX)) });

  return { text: cut(escapeSlack(`${MARKS[message.tone]} ${subject}`), TEXT_MAX), blocks: blocks.slice(0, BLOCKS_MAX) };
}

/** What Slack reads as control sequences (`<!channel>`, `<@user>`, `<url|name>`) becomes text. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function slackLink(name: string, url: string): string {
  const address = webAddress(url)?.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E');
  const label = escapeSlack(oneLine(name, 100)).replaceAll('|', '¦');
  return address === undefined || address.length > 1_000
    ? `${label}: ${escapeSlack(oneLine(url, 200))}`
    : `<${address}|${label || 'link'}>`;
}

/** Whole links only: half of one would be something else. */
function joined(links: readonly string[], limit: number): string {
  let text = '';
  for (const link of links) {
    if (text.length + link.length + 3 > limit) break;
    text += (text === '' ? '' : ' · ') + link;
  }
  return text;
}

// `plain_text` is shown as it is: no links, no mentions, no images. `verbatim` keeps Slack from finding links and channels by itself.
const plain = (text: string) => ({ type: 'plain_text', text: text || '–', emoji: false });
const markdown = (text: string) => ({ type: 'mrkdwn', text: text.slice(0, FIELD_MAX + SECTION_MAX), verbatim: true });

const TEXT_SECTIONS_MAX = 8;

/** Parts that fit a section, split between lines where possible. */
function sections(text: string): readonly string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest !== '' && parts.length < TEXT_SECTIONS_MAX) {
    if (rest.length <= SECTION_MAX) return [...parts, rest];
    const line = rest.lastIndexOf('\n', SECTION_MAX - 1);
    const end = line > SECTION_MAX / 2 ? line : SECTION_MAX - 1;
    const part = rest.slice(0, end).toWellFormed();
    parts.push(parts.length === TEXT_SECTIONS_MAX - 1 ? cut(rest, SECTION_MAX) : part);
    rest = rest.slice(end).replace(/^\n/, '');
  }
  return parts;
}

function checkedWebhook(webhook: string): URL {
  const address = URL.parse(webhook.trim());
  const local = address?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(address.hostname);
  if (address && (address.protocol === 'https:' || local)) return address;
  throw new UserError('bad-webhook', 'The Slack webhook is no https address.', {
    todo: 'Put the address of an incoming webhook (https://hooks.slack.com/…) into the secret.',
  });
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterSeconds: number;
}

/** The address never appears in an error: whoever has it can post. */
async function post(address: URL, body: string, timeoutSeconds: number, signal: AbortSignal): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1_000);
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    const text = oneLine((await response.text()).slice(0, 1_000), 100).replaceAll(address.href, '…');
    return { status: response.status, text, retryAfterSeconds: retryAfter(response.headers.get('retry-after')) };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted)
      throw new TimedOut(`Slack did not answer within ${timeoutSeconds} s.`, {
        todo: 'The message may have arrived; look at the channel.',
      });
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no connection';
    throw new WorldError('slack-unreachable', `Slack could not be reached (${code}).`, {
      todo: 'Check the network of the runner and status.slack.com.',
    });
  }
}

/** Seconds; a date is counted from now; nonsense is one second. */
function retryAfter(header: string | null): number {
  if (header === null) return 1;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 1;
}

function refusal({ status, text, retryAfterSeconds }: Answer): UserError | WorldError {
  const said = `Slack answered ${status}${text === '' ? '' : ` (${text})`}`;
  if (status === 429) {
    return new WorldError('slack-rate-limited', `${said}: too many messages; it asks to wait ${Math.ceil(retryAfterSeconds)} s.`, {
      todo: 'Send later, or less often.',
    });
  }
  if (status >= 500) return new WorldError('slack-unreachable', `${said}.`, { todo: 'Look at status.slack.com.' });
  const todo = [403, 404, 410].includes(status)
    ? 'The webhook was revoked, its channel is archived, or the app may not post there: make a new webhook and put it into the secret.'
    : 'If the webhook is right, report this message as a fault of Retrain.';
  return new UserError('slack-refused', `${said} and did not take the message.`, { todo });
}
