import { type AuthClient, GoogleAuth, IdentityPoolClient } from 'google-auth-library';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { gitHubIdentity } from './github-identity.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Who we are to Google. Every client of a Google service is made from this; tokens are minted when they are needed, and again when they end. */
export interface GoogleCredentials {
  /** For `@google-cloud/storage` as `authClient`, for the clients of `@google-cloud/aiplatform` as `auth`. */
  readonly auth: GoogleAuth;
  /** For messages: the service account, or where the credentials come from. */
  readonly principal: string;
  /** `GOOGLE_CLOUD_PROJECT`, else what the credentials say; `no-google-project` when neither does. */
  project(): Promise<string>;
}

/** Google's token services; a test puts its own there. */
export interface TokenServices {
  readonly sts: string;
  readonly iamCredentials: string;
}

const GOOGLES: TokenServices = { sts: 'https://sts.googleapis.com', iamCredentials: 'https://iamcredentials.googleapis.com' };
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const TIMEOUT_MS = 30_000;
const PROVIDER = /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/providers\/[a-z0-9-]+$/;
const SERVICE_ACCOUNT = /^[^@\s/]+@[^@\s/]+$/;

const known = new WeakMap<Environment, Promise<GoogleCredentials>>();

/**
 * The identity the environment names, made once for each environment: workload identity federation on GitHub when
 * `RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER` is set (as `RETRAIN_GOOGLE_SERVICE_ACCOUNT` when that is set too), else Google's application default credentials.
 * Errors: `no-google-credentials` when there is nothing, `bad-google-setting`, `no-id-token`.
 */
export function googleCredentials(env: Environment, services: TokenServices = GOOGLES): Promise<GoogleCredentials> {
  const found = known.get(env);
  if (found) return found;
  const made = env.RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER ? federated(env, services) : applicationDefault(env);
  known.set(env, made);
  made.catch(() => known.delete(env));
  return made;
}

async function federated(env: Environment, services: TokenServices): Promise<GoogleCredentials> {
  const provider = (env.RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER ?? '').replace(/^(?:https:)?\/\/iam\.googleapis\.com\//, '');
  const account = env.RETRAIN_GOOGLE_SERVICE_ACCOUNT || undefined;
  if (!PROVIDER.test(provider)) {
    throw badSetting(
      'RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER',
      'projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
      provider,
    );
  }
  if (account !== undefined && !SERVICE_ACCOUNT.test(account))
    throw badSetting('RETRAIN_GOOGLE_SERVICE_ACCOUNT', 'NAME@PROJECT.iam.gserviceaccount.com', account);

  const client = new IdentityPoolClient({
    type: 'external_account',
    audience: `//iam.googleapis.com/${provider}`,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${services.sts}/v1/token`,
    subject_token_supplier: gitHubIdentity(env, `https://iam.googleapis.com/${provider}`),
    scopes: [SCOPE],
    transporterOptions: { timeout: TIMEOUT_MS },
    ...(account !== undefined && {
      service_account_impersonation_url: `${services.iamCredentials}/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateAccessToken`,
    }),
  });
  return credentials(env, client, account ?? provider);
}

let hushed = false;

/**
 * Where the machine's own address answers oddly (a proxy, a company's network), Google's library warns of that above our sentence that there are
 * no credentials. From the first search on nobody hears of it any more; other warnings go their way.
 */
function hushMetadataLookup(): void {
  if (hushed) return;
  hushed = true;
  const emit = process.emitWarning.bind(process) as (...given: readonly unknown[]) => void;
  process.emitWarning = (...given: readonly unknown[]) => {
    if (given[1] !== 'MetadataLookupWarning') emit(...given);
  };
}

/** Google's own search: the file GOOGLE_APPLICATION_CREDENTIALS names (as `google-github-actions/auth` writes it), `gcloud`'s file, the machine's service account. */
async function applicationDefault(env: Environment): Promise<GoogleCredentials> {
  hushMetadataLookup();
  const client = await new GoogleAuth({ scopes: [SCOPE] }).getClient().catch((cause: unknown) => {
    const named = env.GOOGLE_APPLICATION_CREDENTIALS;
    throw new UserError(
      'no-google-credentials',
      named
        ? `The credentials that GOOGLE_APPLICATION_CREDENTIALS names cannot be used: ${messageOf(cause)}`
        : 'There are no credentials for Google Cloud here.',
      {
        cause,
        todo: 'On GitHub set RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER and `permissions: id-token: write`; in a terminal run `gcloud auth application-default login`.',
      },
    );
  });
  return credentials(env, client, 'the application default credentials');
}

function credentials(env: Environment, client: AuthClient, principal: string): GoogleCredentials {
  const projectId = env.GOOGLE_CLOUD_PROJECT || undefined;
  const auth = new GoogleAuth({ authClient: client, ...(projectId !== undefined && { projectId }) });
  return {
    auth,
    principal: 'email' in client && typeof client.email === 'string' ? client.email : principal,
    async project() {
      const found = projectId ?? (await auth.getProjectId().catch(() => undefined));
      if (found) return found;
      throw new UserError('no-google-project', 'The environment does not say which Google Cloud project.', {
        todo: 'Set GOOGLE_CLOUD_PROJECT to the id of the project.',
      });
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300);

const badSetting = (name: string, expected: string, found: string) =>
  new UserError('bad-google-setting', `${name}: expected ${expected}, found ${JSON.stringify(found)}.`, { todo: `Correct ${name}.` });

/**
 * An error met while a token was fetched, as one of ours; `undefined` for any other.
 * Google's answer is quoted only by its error code and sentence: a request that failed holds tokens.
 */
export function explainCredentialError(error: unknown, principal: string): UserError | WorldError | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof UserError || error instanceof WorldError) return error;
  const config = 'config' in error ? (error.config as { url?: unknown } | undefined) : undefined;
  const url = String(config?.url ?? '');
  const exchanging = /\/v1\/token$/.test(url);
  const impersonating = /:generateAccessToken$/.test(url);
  if (!exchanging && !impersonating) return undefined;
  const status = Number('status' in error ? error.status : Number.NaN);
  const said = messageOf(error);
  if (!(status >= 400 && status < 500 && status !== 408 && status !== 429))
    return new WorldError(
      'google-tokens',
      `Google's token service did not answer (${Number.isNaN(status) ? 'no answer' : status}): ${said}`,
      {
        todo: 'Run again.',
      },
    );
  return exchanging
    ? new UserError('google-token-refused', `Google did not accept GitHub's identity token: ${said}`, {
        todo: "Compare the provider's attribute condition and mapping with this repository (docs/google-cloud.md).",
      })
    : new UserError('google-impersonation-refused', `This workflow may not act as ${principal} (${status}): ${said}`, {
        todo: `Grant roles/iam.workloadIdentityUser on ${principal} to the principal set of this repository (docs/google-cloud.md).`,
      });
}
