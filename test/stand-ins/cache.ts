import type { IncomingMessage, ServerResponse } from 'node:http';

export interface StoredEntry {
  readonly id: number;
  /** The ref it was saved for. */
  readonly scope: string;
  readonly key: string;
  /** Digest of paths and compression, as the client makes it. */
  readonly version: string;
  /** A compressed tar. */
  content: Buffer;
  complete: boolean;
}

/** A ref whose entries a token reaches; with `write` it may add some. */
export interface CacheScope {
  readonly ref: string;
  readonly write: boolean;
}

const READ = 1;
const WRITE = 2;
const SERVICE = '/twirp/github.actions.results.api.v1.CacheService/';

/**
 * GitHub's cache service, version 2, as far as `@actions/cache` uses it; it lives behind the address of another service
 * ({@link ArtifactService} has one), as on GitHub. Entries are immutable per ref, key and version; a key also finds the newest that begins
 * with it. A token reads every ref it names and writes the first it may.
 *
 * Not imitated: eviction, sizes, rates, the older service, signed addresses that end, uploads in blocks (what Retrain keeps in tests is small).
 */
export class CacheEntries {
  readonly entries: StoredEntry[] = [];
  /** `METHOD key` of every call, in order. */
  readonly calls: string[] = [];
  /** Methods the service refuses for good. */
  readonly broken = new Set<'CreateCacheEntry' | 'FinalizeCacheEntryUpload' | 'GetCacheEntryDownloadURL'>();
  #ids = 5_000;

  /** Is this request for the cache? */
  static owns(pathname: string): boolean {
    return pathname.startsWith(SERVICE) || pathname.startsWith('/caches/');
  }

  /** The part of a token that says which refs' entries it reaches. */
  static claim(scopes: readonly CacheScope[]): { readonly ac: string } {
    return { ac: JSON.stringify(scopes.map(({ ref, write }) => ({ Scope: ref, Permission: write ? READ | WRITE : READ }))) };
  }

  answer(request: IncomingMessage, response: ServerResponse, url: URL, body: Buffer): void {
    if (url.pathname.startsWith('/caches/')) {
      this.#blob(request.method ?? '', Number(/\d+/.exec(url.pathname)?.[0]), body, response);
      return;
    }
    const method = url.pathname.slice(SERVICE.length);
    const asked = JSON.parse(body.toString('utf8')) as { key: string; version: string; restore_keys?: string[] };
    this.calls.push(`${method} ${asked.key}`);
    const [status, answer] = this.#call(method, asked, scopesOf(request), url.origin);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #call(
    method: string,
    { key, version, restore_keys: others = [] }: { key: string; version: string; restore_keys?: string[] },
    scopes: readonly CacheScope[],
    origin: string,
  ): readonly [number, unknown] {
    if ((this.broken as Set<string>).has(method)) return [400, { code: 'invalid_argument', msg: 'the service has a bad day' }];
    const own = scopes.find(({ write }) => write)?.ref;
    const same = this.entries.find((entry) => entry.scope === own && entry.key === key && entry.version === version);
    switch (method) {
      case 'CreateCacheEntry': {
        if (own === undefined) return [200, { ok: false, message: 'cache write denied: token is read-only' }];
        if (same) return [409, { code: 'already_exists', msg: 'cache entry with the same key, version, and scope already exists' }];
        const id = this.#ids++;
        this.entries.push({ id, scope: own, key, version, content: Buffer.alloc(0), complete: false });
        return [200, { ok: true, signed_upload_url: `${origin}/caches/${id}.tar?sig=upload-${id}` }];
      }
      case 'FinalizeCacheEntryUpload': {
        if (!same) return [404, { code: 'not_found', msg: 'no such entry' }];
        same.complete = true;
        return [200, { ok: true, entry_id: String(same.id) }];
      }
      case 'GetCacheEntryDownloadURL': {
        const found = this.#find([key, ...others], version, scopes);
        if (!found) return [200, { ok: false }];
        return [200, { ok: true, matched_key: found.key, signed_download_url: `${origin}/caches/${found.id}.tar?sig=get-${found.id}` }];
      }
      default:
        return [404, { code: 'bad_route', msg: `no method ${method}` }];
    }
  }

  #find(keys: readonly string[], version: string, scopes: readonly CacheScope[]): StoredEntry | undefined {
    for (const { ref } of scopes) {
      const there = this.entries.filter((entry) => entry.complete && entry.scope === ref && entry.version === version).reverse();
      for (const key of keys) {
        const found = there.find((entry) => entry.key === key) ?? there.find((entry) => entry.key.startsWith(key));
        if (found) return found;
      }
    }
    return undefined;
  }

  #blob(method: string, id: number, body: Buffer, response: ServerResponse): void {
    const entry = this.entries.find((one) => one.id === id);
    if (!entry) response.writeHead(404).end();
    else if (method === 'GET') response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(entry.content);
    else {
      entry.content = body;
      response.writeHead(201).end();
    }
  }
}

function scopesOf(request: IncomingMessage): readonly CacheScope[] {
  const [, claims = ''] = (request.headers.authorization ?? '').replace('Bearer ', '').split('.');
  const { ac = '[]' } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8') || '{}') as { ac?: string };
  return (JSON.parse(ac) as { Scope: string; Permission: number }[]).map(({ Scope, Permission }) => ({
    ref: Scope,
    write: (Permission & WRITE) !== 0,
  }));
}
