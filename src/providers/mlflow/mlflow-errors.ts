import { TimedOut, UserError, WorldError } from '../../kernel/errors.ts';
import type { MlflowPlace } from './mlflow-place.ts';

/** What the server said no to, with its own word for it, such as RESOURCE_DOES_NOT_EXIST. */
export class MlflowRefusal extends UserError {
  readonly errorCode: string | undefined;

  constructor(code: string, message: string, options: { readonly todo?: string; readonly errorCode?: string }) {
    super(code, message, options);
    this.errorCode = options.errorCode;
  }
}

/** Did the server refuse with this word? */
export const refusedWith = (error: unknown, errorCode: string): boolean => error instanceof MlflowRefusal && error.errorCode === errorCode;

const SAID_MAX = 300;

/** An answer that is no success. `doing` completes "could not …". */
export function explainAnswer(
  { status, location, text }: { readonly status: number; readonly location: string | undefined; readonly text: string },
  doing: string,
  place: MlflowPlace,
): Error {
  const { errorCode, message } = errorIn(text);
  const words = saidBy([errorCode, message].filter(Boolean).join(': '), place);
  const could = `MLflow at ${place.base} could not ${doing}: it answered ${status}${words === '' ? '' : ` (${words})`}.`;
  if (status >= 300 && status < 400) {
    const where = location === undefined ? undefined : URL.parse(location, `${place.base}/`)?.origin;
    return new MlflowRefusal('mlflow-moved', `MLflow at ${place.base} sends to ${where ?? 'another address'}, which is not followed.`, {
      todo: 'Give the address that answers itself, with https where it has that.',
    });
  }
  if (/Invalid Host header/i.test(message)) {
    return new MlflowRefusal('mlflow-forbidden', could, {
      todo: 'Start the server with this name among its `--allowed-hosts`.',
    });
  }
  if (/--no-serve-artifacts/.test(message)) return new MlflowRefusal('mlflow-keeps-no-files', could, { todo: SERVE_ARTIFACTS });
  if (status === 401 || status === 403) {
    return new MlflowRefusal('mlflow-forbidden', could, {
      ...(errorCode !== undefined && { errorCode }),
      todo:
        place.authorization === undefined
          ? 'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.'
          : 'Check the credentials in MLFLOW_TRACKING_USERNAME and _PASSWORD or _TOKEN, and what they may do.',
    });
  }
  if (status === 429) return new WorldError('mlflow-busy', could, { todo: 'Run again later.' });
  if (status >= 500 || status === 408)
    return new WorldError('mlflow-fault', could, { todo: 'Run again; if it stays, look at the log of the server.' });
  if (errorCode === undefined)
    return new MlflowRefusal('not-mlflow', could, {
      todo: 'Check that the address is that of an MLflow server, with its prefix if it has one.',
    });
  return new MlflowRefusal('mlflow-refused', could, { errorCode });
}

/** What to do about a server that does not take files itself. */
export const SERVE_ARTIFACTS = 'Start it with `mlflow server --serve-artifacts --artifacts-destination …`, which is its default.';

/** No answer at all. */
export function explainSilence(error: unknown, doing: string, { base }: MlflowPlace, timeoutMs: number): Error {
  if (error instanceof UserError || error instanceof WorldError) return error;
  if (error instanceof Error && error.name === 'TimeoutError')
    return new TimedOut(`MLflow at ${base} could not ${doing}: no answer within ${Math.ceil(timeoutMs / 1_000)} s.`, {
      todo: 'Run again later.',
    });
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no connection';
  return new WorldError('mlflow-unreachable', `MLflow at ${base} could not be reached to ${doing} (${code}).`, {
    todo: 'Check the address, and that this machine can reach it.',
  });
}

function errorIn(text: string): { readonly errorCode?: string; readonly message: string } {
  try {
    const { error_code: errorCode, message } = JSON.parse(text) as { readonly error_code?: unknown; readonly message?: unknown };
    return {
      ...(typeof errorCode === 'string' && { errorCode: errorCode.slice(0, 100) }),
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    // A page of HTML helps nobody.
    return { message: text.trimStart().startsWith('<') ? '' : text };
  }
}

/** Somebody else's words on one line, without anything of ours that is secret. */
function saidBy(text: string, { secrets }: MlflowPlace): string {
  const plain = secrets
    .reduce((clean, secret) => clean.replaceAll(secret, '…'), text.toWellFormed())
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return plain.length <= SAID_MAX ? plain : `${plain.slice(0, SAID_MAX).toWellFormed()}…`;
}
