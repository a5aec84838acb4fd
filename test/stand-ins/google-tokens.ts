import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

// Imitates: GitHub's endpoint for identity tokens (signed, with audience and end), Google's exchange of them and the impersonation of a service account,
// each token with an end of its own, and a resource that takes only tokens that have not ended. Time is `Date`, so a test may move it.
// Not imitated: JWKS over the network (the key is known here), attribute mapping, scopes, the grammar of attribute conditions, quotas.

export const PROVIDER = 'projects/123456789/locations/global/workloadIdentityPools/github/providers/retrain';
export const ACCOUNT = 'retrain@acme-ml.iam.gserviceaccount.com';

export interface GoogleTokens {
  readonly origin: string;
  /** What a workflow's job with `id-token: write` has in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly services: { readonly sts: string; readonly iamCredentials: string };
  /** Tokens given out so far. */
  readonly minted: { readonly identity: string[]; readonly federated: string[]; readonly impersonated: string[] };
  /** How the next requests to a path are refused: status and error, instead of the right answer. */
  readonly refusals: { readonly path: RegExp; readonly status: number; readonly body: unknown }[];
}

interface Given {
  readonly seconds: number;
  /** Only this repository is let in, as an attribute condition says. */
  readonly repositoryId?: string;
}

/** GitHub's and Google's token services; every token lives `seconds`. */
export async function googleTokens(context: Pick<TestContext, 'after'>, { seconds, repositoryId = '42' }: Given): Promise<GoogleTokens> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const minted = { identity: [] as string[], federated: [] as string[], impersonated: [] as string[] };
  const refusals: { path: RegExp; status: number; body: unknown }[] = [];
  const ends = new Map<string, number>();
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const end = () => Date.now() + seconds * 1000;
  const keep = (kind: keyof typeof minted, token: string) => {
    minted[kind].push(token);
    ends.set(token, end());
    return token;
  };
  const identityToken = (audience: string) => {
    const claims = {
      iss: 'https://token.actions.githubusercontent.com',
      aud: audience,
      repository_id: '42',
      exp: end() / 1000,
      jti: minted.identity.length,
    };
    const body = `${part({ alg: 'RS256', kid: 'test' })}.${part(claims)}`;
    return keep('identity', `${body}.${sign('sha256', Buffer.from(body), privateKey).toString('base64url')}`);
  };
  const opaque = (kind: 'federated' | 'impersonated') =>
    keep(kind, `ya29.${kind}.${createHash('sha256').update(`${kind} ${minted[kind].length}`).digest('hex')}`);
  const alive = (token: string) => (ends.get(token) ?? 0) > Date.now();
  const bearer = (request: IncomingMessage) => (request.headers.authorization ?? '').replace(/^Bearer /, '');

  const answer = (request: IncomingMessage, url: URL, body: string): readonly [number, unknown] => {
    if (url.pathname === '/github/oidc') {
      if (bearer(request) !== 'request-token') return [401, { message: 'bad request token' }];
      const audience = url.searchParams.get('audience');
      return audience ? [200, { count: 1, value: identityToken(audience) }] : [400, { message: 'no audience' }];
    }
    if (url.pathname === '/v1/token' && request.method === 'POST') {
      const form = new URLSearchParams(body);
      const [head, claims, signature] = (form.get('subject_token') ?? '').split('.');
      if (!head || !claims || !signature || form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange')
        return [400, { error: 'invalid_request', error_description: 'Expected a token exchange.' }];
      if (!verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url')))
        return [400, { error: 'invalid_grant', error_description: 'The signature of the identity token is wrong.' }];
      const { aud, exp, repository_id } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, string | number>;
      if (aud !== `https://iam.googleapis.com/${PROVIDER}` || form.get('audience') !== `//iam.googleapis.com/${PROVIDER}`)
        return [400, { error: 'invalid_grant', error_description: 'The audience in ID Token does not match.' }];
      if (Number(exp) * 1000 <= Date.now()) return [400, { error: 'invalid_grant', error_description: 'ID Token is stale to sign-in.' }];
      if (repository_id !== repositoryId)
        return [400, { error: 'unauthorized_client', error_description: 'The given credential is rejected by the attribute condition.' }];
      return [
        200,
        {
          access_token: opaque('federated'),
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
          expires_in: seconds,
        },
      ];
    }
    if (url.pathname === `/v1/projects/-/serviceAccounts/${encodeURIComponent(ACCOUNT)}:generateAccessToken`) {
      const token = bearer(request);
      if (!minted.federated.includes(token) || !alive(token))
        return [401, { error: { status: 'UNAUTHENTICATED', message: 'The token has ended.' } }];
      const given = opaque('impersonated');
      return [200, { accessToken: given, expireTime: new Date(ends.get(given) ?? 0).toISOString() }];
    }
    if (url.pathname === '/resource')
      return alive(bearer(request)) ? [200, { token: bearer(request) }] : [401, { error: 'UNAUTHENTICATED' }];
    return [404, { error: `no ${request.method} ${url.pathname}` }];
  };

  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const refused = refusals.findIndex(({ path }) => path.test(url.pathname));
    const [refusal] = refused < 0 ? [] : refusals.splice(refused, 1);
    const [status, value] = refusal ? ([refusal.status, refusal.body] as const) : answer(request, url, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    env: {
      RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER: PROVIDER,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/github/oidc?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
      GOOGLE_CLOUD_PROJECT: 'acme-ml',
    },
    services: { sts: origin, iamCredentials: origin },
    minted,
    refusals,
  };
}
