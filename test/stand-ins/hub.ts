import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

// Imitates the Hugging Face Hub for reading models and data sets (named `datasets/OWNER/NAME`): information at a revision, trees in pages by `Link`, files by `resolve` (large ones by a
// redirect to another host, which must not see the token), ranges, `ETag` and `X-Linked-ETag`, `X-Error-Code`, private and gated repositories, pushes.
// Not imitated: writing, spaces, Xet, branches other than main, security scans, rate limits other than scripted ones.

export interface HubFault {
  /** `METHOD path?query` of the request. */
  readonly on: RegExp;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection ends after so many bytes. */
  readonly cutAfter?: number;
  /** One bit of the file is turned on its way. */
  readonly flip?: boolean;
  readonly stall?: boolean;
  readonly before?: () => void;
}

interface HubRepository {
  head: string;
  readonly commits: Map<string, ReadonlyMap<string, Buffer>>;
  readonly access: 'public' | 'private' | 'gated';
}

export interface HubStandIn {
  readonly endpoint: string;
  readonly requests: string[];
  readonly faults: HubFault[];
  /** Requests for large files, as the other host saw them: their `Authorization`. */
  readonly seenElsewhere: (string | undefined)[];
  /** Files of a page of a tree. */
  page: number;
  /** Makes a commit of these files (all others stay) and gives its id. */
  push(name: string, files: Readonly<Record<string, string | Buffer>>, access?: HubRepository['access']): string;
}

const LFS_BYTES = 1000;
const TOKEN = 'hf_reader';
const MOVED = '2026-11-20T12:00:00.000Z';

class Refusal extends Error {
  readonly status: number;
  readonly code: string | undefined;
  constructor(status: number, message: string, code?: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export async function hubStandIn(context: Pick<TestContext, 'after'>): Promise<HubStandIn> {
  const repositories = new Map<string, HubRepository>();
  const own: HubStandIn = {
    endpoint: '',
    requests: [],
    faults: [],
    seenElsewhere: [],
    page: 1000,
    push(name, files, access = 'public') {
      const before = repositories.get(name);
      const content = new Map([
        ...(before?.commits.get(before.head) ?? []),
        ...Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const),
      ]);
      const head = createHash('sha1')
        .update(`${name} ${before?.commits.size ?? 0}`)
        .digest('hex');
      const commits = before?.commits ?? new Map<string, ReadonlyMap<string, Buffer>>();
      commits.set(head, content);
      repositories.set(name, { head, commits, access: before?.access ?? access });
      return head;
    },
  };

  const at = (request: IncomingMessage, name: string, revision: string) => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const found = repositories.get(name);
    if (!found || (found.access === 'private' && token !== TOKEN))
      throw new Refusal(token === TOKEN ? 404 : 401, 'Repository not found', 'RepoNotFound');
    if (found.access === 'gated' && token !== TOKEN) throw new Refusal(401, `Access to model ${name} is restricted.`, 'GatedRepo');
    const sha = ['main', 'HEAD'].includes(revision) ? found.head : revision;
    const files = found.commits.get(sha);
    if (!files) throw new Refusal(404, `Invalid rev id: ${revision}`, 'RevisionNotFound');
    return { sha, files };
  };

  const send = (
    request: IncomingMessage,
    response: ServerResponse,
    whole: Buffer,
    headers: Readonly<Record<string, string>>,
    fault: HubFault | undefined,
  ) => {
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const content = Buffer.from(whole);
    if (fault?.flip) content[0] = (content[0] as number) ^ 1;
    const part = content.subarray(from);
    const ranged = request.headers.range !== undefined;
    response.writeHead(ranged ? 206 : 200, {
      ...headers,
      'content-length': part.length,
      ...(ranged && { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` }),
    });
    if (fault?.cutAfter === undefined) return response.end(part);
    response.write(part.subarray(0, fault.cutAfter), () => response.destroy());
  };

  const answer = (request: IncomingMessage, response: ServerResponse, url: URL, fault: HubFault | undefined) => {
    if (fault?.status !== undefined) throw new Refusal(fault.status, 'scripted', fault.headers?.['x-error-code']);
    const path = decodeURIComponent(url.pathname);
    const info = /^\/api\/(?:models\/|(?=datasets\/))((?:datasets\/)?[^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(path);
    if (info) {
      const { sha, files } = at(request, info[1] as string, info[2] as string);
      return json(response, {
        _id: '1',
        id: info[1],
        sha,
        private: false,
        gated: false,
        lastModified: MOVED,
        siblings: [...files.keys()].map((rfilename) => ({ rfilename })),
      });
    }
    const tree = /^\/api\/(?:models\/|(?=datasets\/))((?:datasets\/)?[^/]+\/[^/]+)\/tree\/([^/]+)$/.exec(path);
    if (tree) {
      const { files } = at(request, tree[1] as string, tree[2] as string);
      const skip = Number(url.searchParams.get('cursor') ?? 0);
      const names = [...files.keys()].sort();
      const page = names.slice(skip, skip + own.page).map((name) => entry(name, files.get(name) as Buffer));
      const folders =
        skip === 0 ? [...new Set(names.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/'))))] : [];
      url.searchParams.set('cursor', String(skip + own.page));
      const more: Record<string, string> =
        skip + own.page < names.length ? { link: `<${own.endpoint}${url.pathname}${url.search}>; rel="next"` } : {};
      return json(response, [...folders.map((name) => ({ type: 'directory', path: name, size: 0 })), ...page], more);
    }
    const resolved = /^\/((?:datasets\/)?[^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    if (resolved) {
      const { sha, files } = at(request, resolved[1] as string, resolved[2] as string);
      const content = files.get(resolved[3] as string);
      if (!content) throw new Refusal(404, 'Entry not found', 'EntryNotFound');
      const headers = { 'x-repo-commit': sha, etag: `"${gitOid(content)}"`, 'accept-ranges': 'bytes' };
      if (content.length < LFS_BYTES) return send(request, response, content, headers, fault);
      const digest = createHash('sha256').update(content).digest('hex');
      const elsewhere = own.endpoint.replace('127.0.0.1', 'localhost');
      return response
        .writeHead(302, {
          ...headers,
          'x-linked-etag': `"${digest}"`,
          'x-linked-size': String(content.length),
          location: `${elsewhere}/cdn/${resolved[1]}/${sha}/${resolved[3]}?signed`,
        })
        .end();
    }
    const [, name, sha, file] = /^\/cdn\/((?:datasets\/)?[^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (name !== undefined) {
      own.seenElsewhere.push(request.headers.authorization);
      return send(
        request,
        response,
        repositories
          .get(name)
          ?.commits.get(sha as string)
          ?.get(file as string) as Buffer,
        {},
        fault,
      );
    }
    throw new Refusal(404, 'Not Found');
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', own.endpoint);
    const line = `${request.method} ${decodeURIComponent(url.pathname)}${url.search}${request.headers.range ? ` ${request.headers.range}` : ''}`;
    own.requests.push(line);
    const found = own.faults.findIndex(({ on }) => on.test(line));
    const [fault] = found < 0 ? [] : own.faults.splice(found, 1);
    fault?.before?.();
    if (fault?.stall) return;
    try {
      answer(request, response, url, fault);
    } catch (error) {
      const { status, code } = error instanceof Refusal ? error : { status: 500, code: undefined };
      const message = error instanceof Error ? error.message : String(error);
      response
        .writeHead(status, {
          'content-type': 'application/json',
          ...(code !== undefined && { 'x-error-code': code, 'x-error-message': message }),
          ...fault?.headers,
        })
        .end(JSON.stringify({ error: message }));
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

const gitOid = (content: Buffer): string => createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

function entry(path: string, content: Buffer): Record<string, unknown> {
  const large = content.length >= LFS_BYTES;
  return {
    type: 'file',
    path,
    size: content.length,
    oid: large ? gitOid(Buffer.from('pointer')) : gitOid(content),
    ...(large && { lfs: { oid: createHash('sha256').update(content).digest('hex'), size: content.length, pointerSize: 134 } }),
    lastCommit: { id: 'c', title: 't', date: MOVED },
  };
}

function json(response: ServerResponse, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}
