import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Crc32c } from '../../src/providers/crc32c.ts';

// Imitates Cloud Storage's JSON API as far as the store `gs` goes: object metadata, pages of lists, media (whole and in ranges, both URL forms),
// simple, multipart and resumable uploads with their preconditions and checksums, deletion, missing buckets, denied permissions, bearer tokens.
// Not imitated: versioned buckets (an older generation is gone), ACLs, compose and rewrite, batch, retention, encryption keys, user projects,
// decompressive transcoding, eventual ends of upload sessions, conditional reads other than by generation, delimiters, XML apart from GET.

export interface StoredFake {
  content: Buffer;
  generation: number;
  metadata: Record<string, unknown>;
  created: string;
  updated: string;
  /** Made of parts, as Google's tools make large ones: no MD5 is known of it. */
  composed?: boolean;
}

/** What happens to one request instead of the right thing; used up in order. */
export interface Fault {
  /** `METHOD path?query` of the request. */
  readonly on: RegExp;
  /** Refused with this status (and reason, message) before anything is done. */
  readonly status?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection ends after so many bytes of the body have gone, out of a download or into an upload. */
  readonly cutAfter?: number;
  /** Everything is done, and the answer is lost. */
  readonly loseAnswer?: boolean;
  /** One bit of the body is turned on its way, in either direction. */
  readonly flip?: boolean;
  /** No answer at all, the connection stays open. */
  readonly stall?: boolean;
  /** Done before the request is answered, e.g. somebody else's write. */
  readonly before?: () => void;
}

export interface GcsStandIn {
  readonly endpoint: string;
  readonly buckets: Map<string, Map<string, StoredFake>>;
  /** `METHOD path?query` of all requests, with their range where they have one. */
  readonly requests: string[];
  readonly faults: Fault[];
  /** Permissions that are missing, e.g. `storage.objects.get`. */
  readonly denied: Set<string>;
  /** Only requests with a bearer token it takes are served, when set. */
  mayEnter?: (token: string) => boolean;
  /** Largest page of a list. */
  page: number;
  put(
    bucket: string,
    name: string,
    content: string | Buffer,
    more?: { readonly updated?: string; readonly metadata?: Record<string, unknown> },
  ): StoredFake;
}

const QUANTUM = 256 * 1024;
const PRINCIPAL = 'tester@acme-ml.iam.gserviceaccount.com';

interface Session {
  readonly bucket: string;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly metadata: Record<string, unknown>;
  kept: Buffer;
  done?: StoredFake;
}

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Cloud Storage with the buckets named, empty. */
export async function gcsStandIn(context: Pick<TestContext, 'after'>, ...buckets: readonly string[]): Promise<GcsStandIn> {
  const sessions = new Map<string, Session>();
  let generation = Date.parse('2026-11-21T12:00:00Z') * 1000;
  const own: GcsStandIn = {
    endpoint: '',
    buckets: new Map(buckets.map((name) => [name, new Map()])),
    requests: [],
    faults: [],
    denied: new Set(),
    page: 1000,
    put(bucket, name, content, more = {}) {
      const now = new Date(generation / 1000).toISOString();
      generation += 1_000_000;
      const object = {
        content: Buffer.from(content),
        generation,
        metadata: more.metadata ?? {},
        created: now,
        updated: more.updated ?? now,
      };
      bucketOf(bucket).set(name, object);
      return object;
    },
  };

  function bucketOf(name: string): Map<string, StoredFake> {
    const found = own.buckets.get(name);
    if (!found) throw new Refusal(404, 'The specified bucket does not exist.');
    return found;
  }
  const allow = (permission: string, what: string) => {
    if (own.denied.has(permission))
      throw new Refusal(
        403,
        `${PRINCIPAL} does not have ${permission} access to ${what}. Permission '${permission}' denied on resource (or it may not exist).`,
      );
  };
  const objectOf = (bucket: string, name: string, query: URLSearchParams): StoredFake => {
    const found = bucketOf(bucket).get(name);
    const wanted = query.get('generation');
    if (!found || (wanted !== null && wanted !== String(found.generation))) throw new Refusal(404, `No such object: ${bucket}/${name}`);
    return found;
  };
  const precondition = (bucket: string, name: string, query: URLSearchParams) => {
    const wanted = query.get('ifGenerationMatch');
    if (wanted !== null && String(bucketOf(bucket).get(name)?.generation ?? 0) !== wanted)
      throw new Refusal(412, 'At least one of the pre-conditions you specified did not hold.');
  };
  const finish = (session: Session, content: Buffer): StoredFake => {
    const { bucket, name, query, metadata } = session;
    precondition(bucket, name, query);
    for (const [key, found] of [
      ['crc32c', crc32cOf(content)],
      ['md5Hash', createHash('md5').update(content).digest('base64')],
    ] as const) {
      if (metadata[key] !== undefined && metadata[key] !== found)
        throw new Refusal(400, `Provided ${key} "${metadata[key]}" doesn't match calculated ${key} "${found}".`);
    }
    return own.put(bucket, name, content, { metadata });
  };

  const upload = async (
    request: IncomingMessage,
    response: ServerResponse,
    bucket: string,
    query: URLSearchParams,
    fault: Fault | undefined,
  ) => {
    bucketOf(bucket);
    const id = query.get('upload_id');
    if (request.method === 'POST') {
      const name = query.get('name') ?? '';
      checkName(name);
      allow('storage.objects.create', 'the Google Cloud Storage object');
      if (bucketOf(bucket).has(name)) allow('storage.objects.delete', 'the Google Cloud Storage object');
      precondition(bucket, name, query);
      const body = await bodyOf(request, fault);
      if (query.get('uploadType') === 'resumable') {
        const fresh = randomBytes(12).toString('hex');
        sessions.set(fresh, {
          bucket,
          name,
          query,
          metadata: body.length ? (JSON.parse(body.toString()) as Record<string, unknown>) : {},
          kept: Buffer.alloc(0),
        });
        const location = `${own.endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&name=${encodeURIComponent(name)}&upload_id=${fresh}`;
        return response.writeHead(200, { location, 'x-guploader-uploadid': fresh }).end();
      }
      const session = { bucket, name, query, metadata: {}, kept: Buffer.alloc(0) };
      if (query.get('uploadType') === 'media') return json(response, 200, resource(bucket, name, finish(session, body)));
      if (query.get('uploadType') !== 'multipart') throw new Refusal(400, `Invalid upload type ${query.get('uploadType')}.`);
      const { metadata, content } = multipart(body, String(request.headers['content-type']));
      return json(response, 200, resource(bucket, name, finish({ ...session, metadata }, content)));
    }
    const session = id === null ? undefined : sessions.get(id);
    if (!session) throw new Refusal(404, 'Upload session not found.');
    const { from, total } = contentRange(request.headers['content-range']);
    const body = await bodyOf(request, fault, (partial) => {
      // What came whole in quanta is kept although the connection was lost.
      if (from === session.kept.length)
        session.kept = Buffer.concat([session.kept, partial.subarray(0, partial.length - (partial.length % QUANTUM))]);
    });
    if (session.done) return json(response, 200, resource(session.bucket, session.name, session.done));
    if (from !== undefined) {
      if (from > session.kept.length) throw new Refusal(503, 'Invalid request: gap in the upload.');
      const content = Buffer.concat([session.kept.subarray(0, from), body]);
      if (content.length !== total && content.length % QUANTUM !== 0)
        throw new Refusal(400, 'Invalid request: parts must be multiples of 262144 bytes.');
      session.kept = content;
    }
    if (total !== undefined && session.kept.length === total) {
      session.done = finish(session, session.kept);
      return json(response, 200, resource(session.bucket, session.name, session.done));
    }
    response.writeHead(308, session.kept.length === 0 ? {} : { range: `bytes=0-${session.kept.length - 1}` }).end();
  };

  const media = (
    request: IncomingMessage,
    response: ServerResponse,
    { content, generation: found, metadata }: StoredFake,
    fault: Fault | undefined,
  ) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = range ? Number(range[1]) : 0;
    const end = range?.[2] ? Math.min(Number(range[2]), content.length - 1) : content.length - 1;
    if (range && start >= content.length) throw new Refusal(416, 'Request range not satisfiable');
    const part = Buffer.from(content.subarray(start, end + 1));
    if (fault?.flip && part.length > 0) part[0] = (part[0] as number) ^ 1;
    response.writeHead(range ? 206 : 200, {
      'content-length': part.length,
      'content-type': String(metadata.contentType ?? 'application/octet-stream'),
      ...(typeof metadata.contentEncoding === 'string' && { 'content-encoding': metadata.contentEncoding }),
      ...(range && { 'content-range': `bytes ${start}-${end}/${content.length}` }),
      'x-goog-generation': String(found),
      'x-goog-hash': `crc32c=${crc32cOf(content)}`,
      'x-goog-stored-content-encoding': typeof metadata.contentEncoding === 'string' ? metadata.contentEncoding : 'identity',
      'x-goog-stored-content-length': String(content.length),
    });
    if (fault?.cutAfter === undefined) return response.end(part);
    response.write(part.subarray(0, fault.cutAfter), () => response.destroy());
  };

  const list = (response: ServerResponse, bucket: string, query: URLSearchParams) => {
    allow('storage.objects.list', 'the Google Cloud Storage bucket');
    const prefix = query.get('prefix') ?? '';
    const after = query.get('pageToken');
    const names = [...bucketOf(bucket).keys()]
      .filter(
        (name) => name.startsWith(prefix) && (after === null || Buffer.compare(Buffer.from(name), Buffer.from(after, 'base64url')) > 0),
      )
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const page = names.slice(0, Math.min(own.page, Number(query.get('maxResults') ?? 1000)));
    const items = page.map((name) => resource(bucket, name, objectOf(bucket, name, new URLSearchParams())));
    json(response, 200, {
      kind: 'storage#objects',
      ...(items.length > 0 && { items }),
      ...(names.length > page.length && { nextPageToken: Buffer.from(page.at(-1) ?? '').toString('base64url') }),
    });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse, url: URL, fault: Fault | undefined) => {
    if (fault?.status !== undefined) throw new Refusal(fault.status, fault.message ?? 'scripted');
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    if (own.mayEnter?.(token) === false && !url.searchParams.has('upload_id')) throw new Refusal(401, 'Invalid Credentials');
    const path = url.pathname.replace(/^\/(?:download\/)?storage\/v1(?=\/b\/)/, '');
    const uploading = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(path);
    if (uploading) return upload(request, response, decodeURIComponent(uploading[1] as string), url.searchParams, fault);
    const listing = /^\/b\/([^/]+)\/o$/.exec(path);
    if (listing && request.method === 'GET') return list(response, decodeURIComponent(listing[1] as string), url.searchParams);
    const [, bucketPart, namePart] = /^\/b\/([^/]+)\/o\/(.+)$/.exec(path) ?? /^\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (bucketPart === undefined || namePart === undefined) throw new Refusal(404, 'Not Found');
    const [bucket, name] = [decodeURIComponent(bucketPart), decodeURIComponent(namePart)];
    if (request.method === 'DELETE') {
      allow('storage.objects.delete', 'the Google Cloud Storage object');
      objectOf(bucket, name, url.searchParams);
      precondition(bucket, name, url.searchParams);
      bucketOf(bucket).delete(name);
      return response.writeHead(204).end();
    }
    if (request.method !== 'GET') throw new Refusal(405, 'Method Not Allowed');
    bucketOf(bucket);
    allow('storage.objects.get', 'the Google Cloud Storage object');
    const object = objectOf(bucket, name, url.searchParams);
    return url.searchParams.get('alt') === 'media' || !path.startsWith('/b/')
      ? media(request, response, object, fault)
      : json(response, 200, resource(bucket, name, object));
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const range = request.headers.range ?? request.headers['content-range'];
    const line = `${request.method} ${decodeURIComponent(url.pathname)}${url.search}${range ? ` ${range}` : ''}`;
    own.requests.push(line);
    const at = own.faults.findIndex(({ on }) => on.test(line));
    const [fault] = at < 0 ? [] : own.faults.splice(at, 1);
    try {
      fault?.before?.();
      if (fault?.stall) return;
      if (fault?.loseAnswer) {
        const lost = {
          writeHead: () => lost,
          end: () => response.destroy(),
          write: () => true,
          destroy: () => response.destroy(),
        } as unknown as ServerResponse;
        await answer(request, lost, url, undefined);
        return;
      }
      await answer(request, response, url, fault);
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      const status = error instanceof Refusal ? error.status : 500;
      const message = error instanceof Error ? error.message : String(error);
      request.resume();
      json(
        response,
        status,
        { error: { code: status, message, errors: [{ domain: 'global', reason: REASONS[status] ?? 'backendError', message }] } },
        fault?.headers,
      );
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return Object.assign(own, { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  412: 'conditionNotMet',
  429: 'rateLimitExceeded',
};

const crc32cOf = (content: Buffer): string => new Crc32c().update(content).base64;

function checkName(name: string): void {
  if (name === '' || Buffer.byteLength(name) > 1024 || /[\r\n]/.test(name) || name === '.' || name === '..')
    throw new Refusal(400, `Invalid object name: ${JSON.stringify(name)}`);
}

/** What the JSON API says of an object; numbers of 64 bits are text. */
function resource(
  bucket: string,
  name: string,
  { content, generation, metadata, created, updated, composed }: StoredFake,
): Record<string, unknown> {
  return {
    ...metadata,
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    bucket,
    name,
    generation: String(generation),
    metageneration: '1',
    size: String(content.length),
    crc32c: crc32cOf(content),
    ...(composed ? { componentCount: 2 } : { md5Hash: createHash('md5').update(content).digest('base64') }),
    timeCreated: created,
    updated,
    etag: Buffer.from(String(generation)).toString('base64'),
  };
}

function json(response: ServerResponse, status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers }).end(JSON.stringify(value));
}

async function bodyOf(
  request: IncomingMessage,
  fault: Fault | undefined,
  onCut: (partial: Buffer) => void = () => undefined,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (fault?.cutAfter !== undefined && bytes >= fault.cutAfter) {
      onCut(Buffer.concat(parts).subarray(0, fault.cutAfter));
      request.socket.destroy();
      throw new Refusal(499, 'cut');
    }
  }
  const body = Buffer.concat(parts);
  if (fault?.flip && body.length > 0) body[0] = (body[0] as number) ^ 1;
  return body;
}

function contentRange(header: string | undefined): { readonly from?: number; readonly total?: number } {
  const [, from, , total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(header ?? '') ?? [];
  return { ...(from !== undefined && { from: Number(from) }), ...(total !== undefined && total !== '*' && { total: Number(total) }) };
}

function multipart(body: Buffer, contentType: string): { readonly metadata: Record<string, unknown>; readonly content: Buffer } {
  const boundary = /boundary=['"]?([^'";]+)/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Refusal(400, 'Missing boundary.');
  const text = body.toString('latin1');
  const parts = text
    .split(`--${boundary}`)
    .slice(1, 3)
    .map((part) => part.slice(part.indexOf('\r\n\r\n') + 4, -2));
  return {
    metadata: JSON.parse(Buffer.from(parts[0] ?? '{}', 'latin1').toString()) as Record<string, unknown>,
    content: Buffer.from(parts[1] ?? '', 'latin1'),
  };
}
