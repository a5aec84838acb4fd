import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { faultOf, WorldError } from '../../kernel/errors.ts';
import { explainAnswer, explainSilence } from './mlflow-errors.ts';
import type { MlflowPlace } from './mlflow-place.ts';

/** How long a server is waited for. */
export interface MlflowPatience {
  readonly tries: number;
  /** Before the second try; doubled each time, and spread. */
  readonly pauseMs: number;
  /** For one whole answer. */
  readonly timeoutMs: number;
  /** For one file to be sent. */
  readonly sendMs: number;
}

export const MLFLOW_PATIENCE: MlflowPatience = { tries: 4, pauseMs: 500, timeoutMs: 20_000, sendMs: 120_000 };
/** What the server asks to wait is waited up to here. */
const RETRY_AFTER_MS_MAX = 30_000;
/** No answer that is asked for is longer: a page of points has 2 MB. */
const ANSWER_BYTES_MAX = 64_000_000;

export interface MlflowRequest<Reply> {
  /** Completes "could not …". */
  readonly doing: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Below the server's address, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON, or bytes as they are. */
  readonly body?: Readonly<Record<string, unknown>> | Uint8Array<ArrayBuffer>;
  readonly reply: z.ZodType<Reply>;
  /** Means something else when it is sent twice. */
  readonly once?: true;
}

/**
 * Sends one request and reads its answer, patiently: again after 429, 5xx and broken connections, unless it may be sent only `once`.
 * Redirects are not followed, so that credentials reach nobody else. Errors: {@link explainAnswer}'s and {@link explainSilence}'s.
 */
export async function askMlflow<Reply>(
  request: MlflowRequest<Reply>,
  place: MlflowPlace,
  patience: MlflowPatience,
  signal: AbortSignal,
): Promise<Reply> {
  for (let tried = 1; ; tried++) {
    signal.throwIfAborted();
    const asked: { afterMs?: number } = {};
    try {
      return await attempt(request, place, patience, signal, asked);
    } catch (error) {
      signal.throwIfAborted();
      const wait = asked.afterMs ?? patience.pauseMs * 2 ** (tried - 1) * (0.5 + Math.random() / 2);
      if (request.once || tried >= patience.tries || faultOf(error) !== 'world' || wait > RETRY_AFTER_MS_MAX) throw error;
      await delay(wait, undefined, { signal });
    }
  }
}

async function attempt<Reply>(
  { doing, method, path, query, body, reply }: MlflowRequest<Reply>,
  place: MlflowPlace,
  { timeoutMs, sendMs }: MlflowPatience,
  signal: AbortSignal,
  asked: { afterMs?: number },
): Promise<Reply> {
  const bytes = body instanceof Uint8Array;
  const limitMs = bytes ? sendMs : timeoutMs;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${place.base}${path}${query === undefined ? '' : `?${new URLSearchParams(query)}`}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
        ...(place.authorization !== undefined && { authorization: place.authorization }),
      },
      ...(body !== undefined && { body: bytes ? body : JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    });
    text = await wholeText(response, place);
  } catch (error) {
    signal.throwIfAborted();
    throw explainSilence(error, doing, place, limitMs);
  }
  if (!response.ok) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    if (seconds >= 0) asked.afterMs = seconds * 1_000;
    throw explainAnswer({ status: response.status, location: response.headers.get('location') ?? undefined, text }, doing, place);
  }
  return readReply(text, reply, doing, place);
}

function readReply<Reply>(text: string, reply: z.ZodType<Reply>, doing: string, place: MlflowPlace): Reply {
  const parsed = reply.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`);
  throw new WorldError('not-mlflow', `MLflow at ${place.base} was asked to ${doing} and answered something else (${problem.join('; ')}).`, {
    todo: 'Check that the address is that of an MLflow server, with its prefix if it has one, and not of a page to sign in.',
  });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return undefined;
  }
}

async function wholeText(response: Response, { base }: MlflowPlace): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw new WorldError('not-mlflow', `MLflow at ${base} answers more than ${ANSWER_BYTES_MAX} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
