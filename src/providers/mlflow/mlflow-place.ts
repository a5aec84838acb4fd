import { UserError } from '../../kernel/errors.ts';

/** A server, and as whom it is spoken to. */
export interface MlflowPlace {
  /** Address without a slash at its end; what is asked for is added. */
  readonly base: string;
  /** Value of the header `Authorization`. */
  readonly authorization?: string;
  /** Texts that must stand in no message. */
  readonly secrets: readonly string[];
}

/** A shorter one would be struck out of innocent words. */
const SECRET_LENGTH_MIN = 4;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The server at `address`, or where MLFLOW_TRACKING_URI says, with the credentials MLflow's own client reads: MLFLOW_TRACKING_USERNAME and
 * MLFLOW_TRACKING_PASSWORD, else MLFLOW_TRACKING_TOKEN. Asks nobody. `UserError`: `no-mlflow-address`, `bad-mlflow-address`,
 * `bad-credentials`, `mlflow-not-encrypted`.
 */
export function mlflowPlace(address: string | undefined, env: Environment): MlflowPlace {
  const url = checkedAddress(address ?? env.MLFLOW_TRACKING_URI, address === undefined ? 'MLFLOW_TRACKING_URI' : 'tracker: mlflow:ADDRESS');
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  const credentials = credentialsOf(env);
  if (credentials === undefined) return { base, secrets: [] };
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new UserError('mlflow-not-encrypted', `${base} is not encrypted, and the credentials of MLflow would go there in the clear.`, {
      todo: 'Give the server https; or, where it needs no credentials, leave MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN out.',
    });
  }
  return { base, ...credentials };
}

function checkedAddress(text: string | undefined, from: string): URL {
  if (text === undefined || text.trim() === '') {
    throw new UserError('no-mlflow-address', 'tracker: mlflow has no address: MLFLOW_TRACKING_URI is not set.', {
      todo: 'Set it, e.g. to https://mlflow.example.com, or write `tracker: mlflow:https://mlflow.example.com`.',
    });
  }
  const url = URL.parse(text.trim());
  const problem =
    url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')
      ? 'expected the http:// or https:// address of an MLflow server'
      : url.username !== '' || url.password !== ''
        ? 'expected an address without user and password'
        : url.search !== '' || url.hash !== ''
          ? 'expected an address without ? and #'
          : undefined;
  if (problem === undefined && url !== null) return url;
  const shown = JSON.stringify(
    text
      .trim()
      .replace(/^.*@/s, '…@')
      .replace(/[?#].*$/s, '…')
      .slice(0, 200),
  );
  throw new UserError('bad-mlflow-address', `${from}: ${problem}, found ${shown}.`, {
    todo: 'Write the address alone; credentials go into MLFLOW_TRACKING_USERNAME and _PASSWORD, or MLFLOW_TRACKING_TOKEN.',
  });
}

function credentialsOf(env: Environment): Omit<MlflowPlace, 'base'> | undefined {
  const [user, password, token] = ['USERNAME', 'PASSWORD', 'TOKEN'].map((name) => env[`MLFLOW_TRACKING_${name}`] || undefined);
  if (user !== undefined && password !== undefined) {
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    return { authorization: `Basic ${basic}`, secrets: [basic, ...(password.length < SECRET_LENGTH_MIN ? [] : [password])] };
  }
  if ((user ?? password) !== undefined) {
    throw new UserError(
      'bad-credentials',
      `MLFLOW_TRACKING_${user === undefined ? 'PASSWORD is set, _USERNAME' : 'USERNAME is set, _PASSWORD'} is not.`,
      {
        todo: 'Set both, or neither.',
      },
    );
  }
  if (token === undefined) return undefined;
  if (/[^\x21-\x7e]/.test(token)) {
    throw new UserError('bad-credentials', 'MLFLOW_TRACKING_TOKEN holds blanks or characters no token has.', {
      todo: 'Set it anew, without a line break.',
    });
  }
  return { authorization: `Bearer ${token}`, secrets: [token] };
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
