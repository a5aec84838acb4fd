import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { cp, mkdtemp } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { scratchFolder } from '../contracts/scratch.ts';
import type { StoredArtifact } from './artifacts.ts';
import { BareRepository, GitRefused, NOTHING } from './git-plumbing.ts';
import { isAllowed } from './github-permissions.ts';
import { replyOf } from './github-replies.ts';
import { type Rerun, runRoutes, type StoredRun } from './github-runs.ts';
import type { Permissions } from './workflow-file.ts';

/*
 * GitHub's REST and GraphQL as far as Retrain's forge uses them, over a real bare git repository.
 *
 * Not imitated: signing of commits, permissions of the token that is no job's (a fault says 403 instead), rate accounting (a fault says 429), ETags,
 * GraphQL beyond `createCommitOnBranch`, branch protection, immutable releases, replicas that lag, redirects of asset downloads to another host,
 * starting workflow runs (dispatches and re-runs are only noted; those a test puts there are listed), the limits on sizes and counts but for that of a
 * search of runs.
 */

/** Answers a request instead of the server; `pass`: let it through after all. */
export type Fault = (request: IncomingMessage, response: ServerResponse, pass: () => Promise<void>) => void | Promise<void>;

interface StoredAsset {
  readonly id: number;
  readonly name: string;
  readonly label: string;
  readonly content: Buffer;
  readonly state: 'uploaded' | 'starter';
}

interface StoredRelease {
  readonly id: number;
  tag_name: string;
  name: string;
  body: string;
  target_commitish: string;
  draft: boolean;
  prerelease: boolean;
  readonly created_at: string;
  readonly assets: StoredAsset[];
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly user: { readonly login: string };
  body: string;
}

interface StoredPull {
  readonly number: number;
  readonly head: string;
  /** Whose repository the head lies in, when it is a fork. */
  readonly owner?: string;
  /** Commit of the head; that of the branch here when absent. */
  readonly sha?: string;
  readonly base: string;
  title: string;
  body: string;
  state: 'open' | 'closed';
}

export interface GitHubStandIn {
  readonly apiUrl: string;
  readonly repository: 'acme/models';
  readonly token: string;
  readonly git: BareRepository;
  readonly releases: StoredRelease[];
  readonly comments: StoredComment[];
  readonly pulls: StoredPull[];
  /** Artifacts of workflow runs; shared with the service that jobs keep them in. */
  artifacts: readonly StoredArtifact[];
  readonly dispatches: { readonly workflow: string; readonly ref: string; readonly inputs: unknown }[];
  /** Runs of workflows: a test puts there what GitHub would have started. */
  readonly workflowRuns: StoredRun[];
  /** Jobs of theirs that were asked to run again. */
  readonly reruns: Rerun[];
  /** `METHOD /path` of every request, in order. */
  readonly requests: string[];
  /** Who the token belongs to. */
  login: string;
  /** The next requests that match meet this fault, `times` of them. */
  fail(match: RegExp, fault: Fault, times?: number): void;
  addComment(issue: number, login: string, body: string): StoredComment;
  /** A token that may only what a job's `permissions` say. */
  issueToken(permissions: Permissions): string;
  /** Merges as the button does; false when it is closed or git finds a conflict. */
  merge(pull: number): Promise<boolean>;
  close(): Promise<void>;
}

class Refusal extends Error {
  readonly status: number;
  readonly errors?: readonly unknown[];

  constructor(status: number, message: string, errors?: readonly unknown[]) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly at: (position: number) => string;
  readonly body: () => Promise<Record<string, unknown>>;
  readonly authorised: boolean;
}

/** A repository with one commit on `main`, made once and copied for each stand-in. */
let template: Promise<string> | undefined;

async function makeTemplate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retrain-test-github-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const git = await new BareRepository(folder).init();
  const tree = await git.treeOf(undefined, [{ path: 'README.md', sha: await git.addBlob('# Models\n') }], []);
  await git.moveRef('refs/heads/main', await git.commitTree(tree, [], 'First'), NOTHING);
  return folder;
}

export async function githubStandIn(context: Pick<TestContext, 'after'>): Promise<GitHubStandIn> {
  const folder = join(await scratchFolder(context), 'models.git');
  template ??= makeTemplate();
  await cp(await template, folder, { recursive: true });
  const git = new BareRepository(folder);

  const repository = 'acme/models' as const;
  const token = 'ghs_TheSecretTokenOfThisTest';
  const releases: StoredRelease[] = [];
  const comments: StoredComment[] = [];
  const pulls: StoredPull[] = [];
  const dispatches: GitHubStandIn['dispatches'] = [];
  const workflowRuns: StoredRun[] = [];
  const reruns: Rerun[] = [];
  const requests: string[] = [];
  const faults: { readonly match: RegExp; readonly fault: Fault; left: number }[] = [];
  const issued = new Map<string, Permissions>();
  let ids = 100;
  let apiUrl = '';
  const state = { login: 'github-actions[bot]', artifacts: [] as readonly StoredArtifact[] };

  const releaseJson = (release: StoredRelease) => ({
    ...release,
    assets: release.assets.map(assetJson),
    upload_url: `${apiUrl}/uploads/repos/${repository}/releases/${release.id}/assets{?name,label}`,
    html_url: `https://github.com/${repository}/releases/tag/${release.tag_name}`,
    published_at: release.draft ? null : release.created_at,
  });
  const assetJson = ({ id, name, label, content, state }: StoredAsset) => ({
    id,
    name,
    label,
    size: content.byteLength,
    state,
    digest: state === 'uploaded' ? `sha256:${createHash('sha256').update(content).digest('hex')}` : null,
  });
  const commentJson = ({ issue, user, ...comment }: StoredComment) => ({
    ...comment,
    user,
    html_url: `https://github.com/${repository}/issues/${issue}#issuecomment-${comment.id}`,
  });
  const pullJson = ({ owner: _, sha = NOTHING, ...pull }: StoredPull) => ({
    ...pull,
    head: { ref: pull.head, sha: sha },
    base: { ref: pull.base },
    html_url: `https://github.com/${repository}/pull/${pull.number}`,
  });

  const artifactJson = ({ id, name, content }: StoredArtifact) => ({
    id,
    name,
    size_in_bytes: content.byteLength,
    digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
    expired: false,
  });

  const found = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Refusal(404, 'Not Found');
    return value;
  };
  const releaseOf = ({ at, authorised }: Call) => found(releases.find(({ id, draft }) => id === Number(at(0)) && (authorised || !draft)));
  const page = <T>(all: readonly T[], query: URLSearchParams): readonly T[] => {
    const per = Math.min(100, Number(query.get('per_page') ?? 30));
    const start = (Number(query.get('page') ?? 1) - 1) * per;
    return all.slice(start, start + per);
  };

  /** A page, and in the header where the next one is. */
  const linkedPage = <T>(all: readonly T[], { query, request, response }: Call): readonly T[] => {
    const shown = page(all, query);
    const number = Number(query.get('page') ?? 1);
    const next = new URL(request.url ?? '', apiUrl);
    next.searchParams.set('page', String(number + 1));
    if (number * Math.min(100, Number(query.get('per_page') ?? 30)) < all.length) response.setHeader('link', `<${next.href}>; rel="next"`);
    return shown;
  };

  async function createCommit(input: {
    branch: { branchName: string };
    expectedHeadOid: string;
    message: { headline: string; body?: string };
    fileChanges: { additions?: { path: string; contents: string }[]; deletions?: { path: string }[] };
  }): Promise<unknown> {
    const { branchName } = input.branch;
    const name = `refs/heads/${branchName}`;
    const stale = {
      data: { createCommitOnBranch: null },
      errors: [
        {
          type: 'STALE_DATA',
          path: ['createCommitOnBranch'],
          message: `Expected branch to point to "${input.expectedHeadOid}" but it did not.  Pull and try again.`,
        },
      ],
    };
    const before = await git.ref(name);
    if (before === undefined)
      return {
        data: { createCommitOnBranch: null },
        errors: [
          { type: 'NOT_FOUND', path: ['createCommitOnBranch'], message: `A ref named "${branchName}" does not exist in the repository.` },
        ],
      };
    if (before !== input.expectedHeadOid) return stale;
    const set = await Promise.all(
      (input.fileChanges.additions ?? []).map(async ({ path, contents }) => ({
        path,
        sha: await git.addBlob(Buffer.from(contents, 'base64')),
      })),
    );
    const tree = await git.treeOf(
      before,
      set,
      (input.fileChanges.deletions ?? []).map(({ path }) => path),
    );
    const { headline, body } = input.message;
    const oid = await git.commitTree(tree, [before], body ? `${headline}\n\n${body}` : headline);
    try {
      await git.moveRef(name, oid, before);
    } catch (error) {
      if (error instanceof GitRefused) return stale;
      throw error;
    }
    return { data: { createCommitOnBranch: { commit: { oid } } } };
  }

  async function upload(call: Call): Promise<unknown> {
    const release = releaseOf(call);
    const name = call.query.get('name') ?? '';
    if (release.assets.some((asset) => asset.name === name))
      throw new Refusal(422, 'Validation Failed', [{ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }]);
    const length = Number(call.request.headers['content-length']);
    if (!(length > 0)) throw new Refusal(400, 'Bad Content-Length');
    const id = ids++;
    const label = call.query.get('label') ?? '';
    release.assets.push({ id, name, label, content: Buffer.alloc(0), state: 'starter' });
    const place = release.assets.length - 1;
    const parts: Buffer[] = [];
    for await (const part of call.request) parts.push(part);
    if (Buffer.concat(parts).byteLength < length) return undefined;
    const asset = { id, name, label, content: Buffer.concat(parts), state: 'uploaded' as const };
    release.assets[place] = asset;
    return assetJson(asset);
  }

  const assetOf = ({ at, authorised }: Call) =>
    found(
      releases
        .filter(({ draft }) => authorised || !draft)
        .flatMap((release) => release.assets.map((asset) => ({ release, asset })))
        .find(({ asset }) => asset.id === Number(at(0))),
    );

  const base = `/repos/${repository}`;
  const routes: readonly (readonly [string, RegExp, (call: Call) => unknown])[] = [
    ['GET', /^$/, () => ({ full_name: repository, default_branch: 'main' })],
    [
      'GET',
      /^\/git\/ref\/(.+)$/,
      async ({ at }) => ({ ref: `refs/${at(0)}`, object: { type: 'commit', sha: found(await git.ref(`refs/${at(0)}`)) } }),
    ],
    [
      'GET',
      /^\/git\/matching-refs\/(.+)$/,
      async ({ at }) => {
        const lines = (await git.text(['for-each-ref', '--format=%(refname) %(objectname)'])).split('\n');
        return lines
          .map((line) => line.split(' '))
          .filter(([ref]) => ref?.startsWith(`refs/${at(0)}`))
          .map(([ref, sha]) => ({ ref, object: { type: 'commit', sha } }));
      },
    ],
    [
      'POST',
      /^\/git\/refs$/,
      async ({ body }) => {
        const { ref, sha } = await body();
        await git.moveRef(String(ref), String(sha), NOTHING).catch(() => {
          throw new Refusal(422, 'Reference already exists');
        });
        return { ref, object: { sha } };
      },
    ],
    [
      'DELETE',
      /^\/git\/refs\/(.+)$/,
      async ({ at }) => {
        const sha = await git.ref(`refs/${at(0)}`);
        if (sha === undefined) throw new Refusal(422, 'Reference does not exist');
        await git.git(['update-ref', '-d', `refs/${at(0)}`, sha]);
        for (const pull of pulls) if (at(0) === `heads/${pull.head}`) pull.state = 'closed';
      },
    ],
    [
      'POST',
      /^\/git\/blobs$/,
      async ({ body }) => {
        const { content, encoding } = await body();
        return { sha: await git.addBlob(Buffer.from(String(content), encoding === 'base64' ? 'base64' : 'utf8')) };
      },
    ],
    ['GET', /^\/git\/blobs\/(\w+)$/, async ({ at }) => ({ content: (await git.blob(at(0))).toString('base64'), encoding: 'base64' })],
    [
      'POST',
      /^\/git\/trees$/,
      async ({ body }) => ({ sha: await git.treeOf(undefined, (await body()).tree as { path: string; sha: string }[], []) }),
    ],
    [
      'GET',
      /^\/git\/trees\/(\w+)$/,
      async ({ at, query }) => ({ sha: at(0), truncated: false, tree: await git.entries(at(0), query.has('recursive')) }),
    ],
    [
      'GET',
      /^\/commits$/,
      async ({ query }) => {
        const log = await git.text(['log', '-z', `-${query.get('per_page')}`, '--format=%H%n%B', `refs/heads/${query.get('sha')}`]);
        return log.split('\0').map((each) => ({ sha: each.slice(0, 40), commit: { message: each.slice(41) } }));
      },
    ],
    [
      'POST',
      /^\/git\/commits$/,
      async ({ body }) => {
        const { tree, parents, message } = await body();
        return { sha: await git.commitTree(String(tree), parents as string[], String(message)) };
      },
    ],
    [
      'GET',
      /^\/contents\/(.+)$/,
      async ({ at, query, response }) => {
        const bytes = found(await git.git(['cat-file', 'blob', `${query.get('ref') ?? 'main'}:${at(0)}`]).catch(() => undefined));
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes);
        return undefined;
      },
    ],
    [
      'GET',
      /^\/releases$/,
      ({ query, authorised }) =>
        page(
          releases
            .filter(({ draft }) => authorised || !draft)
            .map(releaseJson)
            .reverse(),
          query,
        ),
    ],
    [
      'POST',
      /^\/releases$/,
      async ({ body }) => {
        const { tag_name, name, body: text, target_commitish, draft } = await body();
        const release: StoredRelease = {
          id: ids++,
          tag_name: String(tag_name),
          name: String(name),
          body: String(text),
          target_commitish: String(target_commitish),
          draft: draft === true,
          prerelease: true,
          created_at: new Date().toISOString(),
          assets: [],
        };
        releases.push(release);
        return releaseJson(release);
      },
    ],
    ['GET', /^\/releases\/(\d+)$/, (call) => releaseJson(releaseOf(call))],
    [
      'PATCH',
      /^\/releases\/(\d+)$/,
      async (call) => {
        const release = releaseOf(call);
        const { draft } = await call.body();
        if (draft === false && release.draft) {
          const target = await git.ref(`refs/heads/${release.target_commitish}`);
          if (target === undefined) throw new Refusal(422, 'Validation Failed', [{ code: 'invalid', field: 'target_commitish' }]);
          await git.moveRef(`refs/tags/${release.tag_name}`, target, NOTHING).catch(() => {
            throw new Refusal(422, 'Validation Failed', [{ resource: 'Release', code: 'already_exists', field: 'tag_name' }]);
          });
          release.draft = false;
        }
        return releaseJson(release);
      },
    ],
    ['DELETE', /^\/releases\/(\d+)$/, (call) => void releases.splice(releases.indexOf(releaseOf(call)), 1)],
    ['GET', /^\/releases\/(\d+)\/assets$/, (call) => page(releaseOf(call).assets.map(assetJson), call.query)],
    [
      'GET',
      /^\/releases\/assets\/(\d+)$/,
      (call) => {
        const { asset } = assetOf(call);
        if (call.request.headers.accept !== 'application/octet-stream') return assetJson(asset);
        if (asset.state !== 'uploaded') throw new Refusal(404, 'Not Found');
        call.response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(asset.content);
        return undefined;
      },
    ],
    [
      'DELETE',
      /^\/releases\/assets\/(\d+)$/,
      (call) => {
        const { release, asset } = assetOf(call);
        release.assets.splice(release.assets.indexOf(asset), 1);
      },
    ],
    [
      'GET',
      /^\/issues\/(\d+)\/comments$/,
      ({ at, query }) => page(comments.filter(({ issue }) => issue === Number(at(0))).map(commentJson), query),
    ],
    [
      'POST',
      /^\/issues\/(\d+)\/comments$/,
      async ({ at, body }) => commentJson(addComment(Number(at(0)), state.login, String((await body()).body))),
    ],
    [
      'PATCH',
      /^\/issues\/comments\/(\d+)$/,
      async ({ at, body }) => {
        const comment = found(comments.find(({ id }) => id === Number(at(0))));
        comment.body = String((await body()).body);
        return commentJson(comment);
      },
    ],
    [
      'GET',
      /^\/pulls$/,
      ({ query }) =>
        page(
          pulls
            .filter(
              ({ owner = 'acme', head, base, state }) =>
                `${owner}:${head}` === query.get('head') && base === (query.get('base') ?? base) && state === query.get('state'),
            )
            .map(pullJson),
          query,
        ),
    ],
    [
      'POST',
      /^\/pulls$/,
      async ({ body }) => {
        const { head, base, title, body: text } = await body();
        const pull: StoredPull = {
          number: ids++,
          head: String(head),
          base: String(base),
          title: String(title),
          body: String(text),
          state: 'open',
        };
        pulls.push(pull);
        return pullJson(pull);
      },
    ],
    [
      'PATCH',
      /^\/pulls\/(\d+)$/,
      async ({ at, body }) => {
        const pull = found(pulls.find(({ number }) => number === Number(at(0))));
        const { title, body: text } = await body();
        Object.assign(pull, { title: String(title), body: String(text) });
        return pullJson(pull);
      },
    ],
    [
      'GET',
      /^\/actions\/runs\/(\d+)\/artifacts$/,
      ({ at, query }) => {
        const all = state.artifacts.filter(({ run, hash }) => run === `run-${at(0)}` && hash !== undefined);
        return { total_count: all.length, artifacts: page(all, query).map(artifactJson) };
      },
    ],
    [
      'GET',
      /^\/actions\/artifacts\/(\d+)\/zip$/,
      ({ at, response }) => {
        found(state.artifacts.find(({ id }) => id === Number(at(0))));
        response.writeHead(302, { location: `${apiUrl}/blob-storage/${at(0)}.zip?sig=get` }).end();
        return undefined;
      },
    ],
    [
      'POST',
      /^\/actions\/workflows\/([^/]+)\/dispatches$/,
      async ({ at, body }) => {
        const { ref, inputs } = await body();
        dispatches.push({ workflow: at(0), ref: String(ref), inputs });
      },
    ],
    ...runRoutes(repository, workflowRuns, reruns).map(
      ([method, pattern, handle]) =>
        [
          method,
          pattern,
          (call: Call) =>
            handle({
              at: call.at,
              query: call.query,
              refuse: (status, message) => new Refusal(status, message),
              page: (all) => linkedPage(all, call),
            }),
        ] as const,
    ),
  ];

  function addComment(issue: number, login: string, body: string): StoredComment {
    const comment = { id: ids++, issue, user: { login }, body };
    comments.push(comment);
    return comment;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '', apiUrl);
    const given = request.headers.authorization?.replace(/^(?:token|bearer) /i, '');
    const authorised = given === token || issued.has(given ?? '');
    const check = (path: string) => {
      const permissions = issued.get(given ?? '');
      if (permissions && !isAllowed(permissions, request.method!, path)) throw new Refusal(403, 'Resource not accessible by integration');
    };
    const body = async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      return JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>;
    };
    const say = (status: number, value: unknown) => {
      if (response.headersSent) return;
      if (value === undefined) response.writeHead(204).end();
      else response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
    };
    try {
      const blob = /^\/blob-storage\/(\d+)\.zip$/.exec(pathname);
      if (blob && query.get('sig') === 'get') {
        response.writeHead(200, { 'content-type': 'application/zip' });
        return void response.end(found(state.artifacts.find(({ id }) => id === Number(blob[1]))).content);
      }
      if (request.headers.authorization !== undefined && !authorised) throw new Refusal(401, 'Bad credentials');
      if (!authorised && request.method !== 'GET') throw new Refusal(401, 'Requires authentication');
      if (pathname === '/graphql') check('graphql');
      if (pathname === '/graphql') return say(200, await createCommit(((await body()).variables as { input: never }).input));
      const uploads = /^\/uploads\/repos\/acme\/models\/releases\/(\d+)\/assets$/.exec(pathname);
      if (uploads) check('/releases/assets');
      if (uploads) {
        const asset = await upload({ request, response, query, body, authorised, at: () => uploads[1] ?? '' });
        return say(201, asset === undefined ? undefined : replyOf('POST', `/releases/${uploads[1]}/assets`, 201, asset));
      }
      if (!pathname.startsWith(base)) throw new Refusal(404, 'Not Found');
      const rest = decodeURIComponent(pathname.slice(base.length));
      check(rest);
      for (const [method, pattern, handle] of routes) {
        const match = method === request.method ? pattern.exec(rest) : null;
        if (!match) continue;
        const call: Call = { request, response, query, body, authorised, at: (position) => match[position + 1] ?? '' };
        const value = await handle(call);
        const status = method === 'POST' ? 201 : 200;
        return say(status, value === undefined ? undefined : replyOf(method, rest, status, value));
      }
      throw new Refusal(404, 'Not Found');
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      if (error instanceof Refusal) return say(error.status, { message: error.message, ...(error.errors && { errors: error.errors }) });
      say(500, { message: error instanceof Error ? error.message : 'Server Error' });
    }
  }

  const server = createServer(async (request, response) => {
    const line = `${request.method} ${decodeURIComponent(request.url ?? '')}`;
    requests.push(line);
    const fault = faults.find(({ match, left }) => left > 0 && match.test(line));
    if (!fault) return answer(request, response);
    fault.left--;
    await fault.fault(request, response, () => answer(request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  context.after(close);

  return Object.assign(state, {
    apiUrl,
    repository,
    token,
    git,
    releases,
    comments,
    pulls,
    dispatches,
    workflowRuns,
    reruns,
    requests,
    fail: (match: RegExp, fault: Fault, times = 1) => void faults.push({ match, fault, left: times }),
    addComment,
    issueToken(permissions: Permissions) {
      const name = `ghs_${randomBytes(18).toString('hex')}`;
      issued.set(name, permissions);
      return name;
    },
    async merge(number: number) {
      const pull = found(pulls.find((each) => each.number === number));
      if (pull.state !== 'open') return false;
      const [into = '', from = ''] = await Promise.all([pull.base, pull.head].map((name) => git.ref(`refs/heads/${name}`)));
      const tree = await git.text(['merge-tree', '--write-tree', into, from]).catch(() => undefined);
      if (tree === undefined) return false;
      await git.moveRef(`refs/heads/${pull.base}`, await git.commitTree(tree, [into, from], `Merge pull request #${number}`), into);
      pull.state = 'closed';
      return true;
    },
    close,
  });
}

/** Says no, as GitHub does. */
export const refuse =
  (status: number, message: string, headers: Readonly<Record<string, string>> = {}): Fault =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ message }));
  };

/** The connection ends without an answer. */
export const cut: Fault = (request) => void request.socket.destroy();

/** Does what was asked, but the answer never arrives. */
export const loseAnswer: Fault = async (request, response, pass) => {
  response.writeHead = (() => {
    request.socket.destroy();
    return response;
  }) as never;
  await pass();
};

/** An upload that ends in the middle: what came stays as an asset in state `starter`. */
export const cutUpload: Fault = async (request, _, pass) => {
  const parts = request[Symbol.asyncIterator].bind(request);
  Object.assign(request, {
    async *[Symbol.asyncIterator]() {
      for await (const part of parts()) {
        yield part.subarray(0, part.byteLength >> 1);
        request.socket.destroy();
        return;
      }
    },
  });
  await pass();
};
