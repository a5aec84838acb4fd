import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CacheEntries, type CacheScope } from './cache.ts';

export interface StoredArtifact {
  readonly id: number;
  readonly name: string;
  readonly run: string;
  readonly job: string;
  content: Buffer;
  hash?: string;
}

/**
 * GitHub's artifact service and the blob storage behind it, as far as `@actions/artifact` uses them. Names are taken once, per workflow run.
 * The cache service has the same address.
 */
export class ArtifactService implements AsyncDisposable {
  readonly artifacts: StoredArtifact[] = [];
  readonly cache = new CacheEntries();
  /** Connections to the method that are cut before they are answered. */
  readonly cut = new Map<string, number>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  readonly #blocks = new Map<string, Buffer>();

  static async begin(): Promise<ArtifactService> {
    const service = new ArtifactService();
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  /** What the runner gives an action so that it finds the service; with `scopes` the cache, too. */
  env(run: string, job: string, scopes?: readonly CacheScope[]): Readonly<Record<string, string>> {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { scp: `Actions.Results:${run}:${job}`, ...(scopes && CacheEntries.claim(scopes)) };
    return {
      ACTIONS_RESULTS_URL: this.#url,
      ACTIONS_RUNTIME_TOKEN: `${part({ alg: 'none' })}.${part(claims)}.signature`,
      ...(scopes && { ACTIONS_CACHE_SERVICE_V2: 'true' }),
    };
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Their time is over: none is found any more. */
  expire(): void {
    for (const artifact of this.artifacts) artifact.hash = undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const url = new URL(request.url ?? '/', this.#url);
    if (CacheEntries.owns(url.pathname)) return this.cache.answer(request, response, url, body);
    const [, kind, name = ''] = url.pathname.split('/');
    if (kind !== 'twirp') return this.#blob(request.method ?? '', Number(name.replace('.zip', '')), url.searchParams, body, response);
    const method = url.pathname.split('/').at(-1)!;
    const left = this.cut.get(method) ?? 0;
    if (left > 0) {
      this.cut.set(method, left - 1);
      request.socket.destroy();
      return;
    }
    const [status, answer] = this.#call(method, JSON.parse(body.toString('utf8')) as Record<string, string>);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #call(method: string, asked: Readonly<Record<string, string>>): readonly [number, unknown] {
    const { workflow_run_backend_id: run = '', workflow_job_run_backend_id: job = '', name = '' } = asked;
    const there = this.artifacts.filter((artifact) => artifact.run === run);
    const same = there.find((artifact) => artifact.name === name);
    switch (method) {
      case 'CreateArtifact': {
        if (same) return [409, { msg: 'an artifact with this name already exists on the workflow run' }];
        const id = this.artifacts.length + 101;
        this.artifacts.push({ id, name, run, job, content: Buffer.alloc(0) });
        return [200, { ok: true, signed_upload_url: `${this.#url}/blobs/${id}.zip?sig=upload-${id}` }];
      }
      case 'FinalizeArtifact': {
        if (!same) return [404, { msg: 'no such artifact' }];
        same.hash = asked.hash;
        return [200, { ok: true, artifact_id: String(same.id) }];
      }
      case 'ListArtifacts': {
        const found = there.filter(({ id, hash }) => hash !== undefined && String(id) === asked.id_filter);
        return [
          200,
          {
            artifacts: found.map((artifact) => ({
              workflow_run_backend_id: artifact.run,
              workflow_job_run_backend_id: artifact.job,
              database_id: String(artifact.id),
              name: artifact.name,
              size: String(artifact.content.length),
            })),
          },
        ];
      }
      case 'GetSignedArtifactURL':
        return same ? [200, { signed_url: `${this.#url}/blobs/${same.id}.zip?sig=get-${same.id}` }] : [404, { msg: 'no such artifact' }];
      default:
        return [404, { msg: `no method ${method}` }];
    }
  }

  #blob(method: string, id: number, query: URLSearchParams, body: Buffer, response: ServerResponse): void {
    const artifact = this.artifacts.find((one) => one.id === id);
    if (!artifact) {
      response.writeHead(404).end();
    } else if (method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/zip' }).end(artifact.content);
    } else if (query.get('comp') === 'block') {
      this.#blocks.set(`${id} ${query.get('blockid')}`, body);
      response.writeHead(201).end();
    } else {
      const named = [...body.toString('utf8').matchAll(/<(?:Latest|Uncommitted)>([^<]+)</g)].map(([, block]) => block);
      artifact.content =
        query.get('comp') === 'blocklist'
          ? Buffer.concat(named.map((block) => this.#blocks.get(`${id} ${block}`) ?? Buffer.alloc(0)))
          : body;
      response.writeHead(201).end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
