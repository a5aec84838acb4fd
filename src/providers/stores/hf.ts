import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import { byUtf8 } from '../../kernel/digest.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { download } from './download.ts';
import { noSuchObject } from './gs-errors.ts';
import { askHub, type HubDoor } from './hf-ask.ts';
import { PATIENCE, type Patience } from './patience.ts';
import type { Store, StoredObject } from './store.ts';

export interface HfOptions {
  /** `HF_TOKEN`; without it public repositories alone are read. */
  readonly token?: string;
  /** `HF_ENDPOINT`, for a mirror. */
  readonly endpoint?: string;
  readonly log: (line: string) => void;
  readonly patience?: Patience;
}

interface Place {
  readonly type: 'model' | 'dataset';
  /** OWNER/NAME. */
  readonly name: string;
  /** As URIs and addresses have it: data sets are named `datasets/OWNER/NAME`. */
  readonly repository: string;
  readonly revision: string;
  readonly path: string;
}

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * Models and data sets of the Hugging Face Hub, `hf://OWNER/NAME[@REVISION]/PATH` and `hf://datasets/OWNER/NAME[@REVISION]/PATH`, to be read only. A branch or tag is resolved to its commit once; every URI
 * given back carries that commit, so that a push in between mixes nothing. Large files are compared with the SHA-256 the Hub keeps, small ones with their git id.
 */
export function hfStore({ token, endpoint = 'https://huggingface.co', log, patience = PATIENCE }: HfOptions): Store {
  if (token !== undefined && !token.startsWith('hf_')) {
    throw new UserError('bad-token', 'HF_TOKEN is no token of the Hugging Face Hub: expected one that begins with hf_.', {
      todo: 'Set HF_TOKEN to a token with read access.',
    });
  }
  const door: HubDoor = { patience, log, hasToken: token !== undefined };
  const hubUrl = endpoint.replace(/\/+$/, '');
  const access = { hubUrl, ...(token !== undefined && { accessToken: token }) };
  const commits = new Map<string, Promise<string>>();
  const trees = new Map<string, Promise<readonly StoredObject[]>>();

  async function commitOf({ type, name, repository, revision }: Place, signal: AbortSignal): Promise<string> {
    if (COMMIT.test(revision)) return revision;
    return once(commits, `${repository}@${revision}`, async () => {
      const ask = { ...access, name, revision, fetch: askHub(`hf://${repository}@${revision}`, signal, door) };
      const found = await (type === 'model'
        ? modelInfo({ ...ask, additionalFields: ['sha'] })
        : datasetInfo({ ...ask, additionalFields: ['sha'] }));
      return found.sha;
    });
  }

  async function treeOf(place: Place, signal: AbortSignal): Promise<readonly StoredObject[]> {
    const commit = await commitOf(place, signal);
    const { type, name, repository } = place;
    return once(trees, `${repository}@${commit}`, async () => {
      const entries: StoredObject[] = [];
      const uri = `hf://${repository}@${commit}`;
      for await (const found of listFiles({
        ...access,
        repo: { type, name },
        revision: commit,
        recursive: true,
        expand: true,
        fetch: askHub(uri, signal, door),
      })) {
        if (found.type !== 'file') continue;
        const object = {
          uri: `${uri}/${found.path}`,
          bytes: found.lfs?.size ?? found.size,
          generation: commit,
          modified: found.lastCommit?.date ?? '',
        };
        // Small files lie in git itself.
        entries.push(found.lfs ? { ...object, sha256: found.lfs.oid } : { ...object, ...(found.oid !== undefined && { git: found.oid }) });
      }
      return entries.sort((a, b) => byUtf8(a.uri, b.uri));
    });
  }

  async function objectOf(uri: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    const place = placeOf(uri);
    if (place.path === '' || place.path.endsWith('/')) return undefined;
    const pinned = `hf://${place.repository}@${await commitOf(place, signal)}/${place.path}`;
    return (await treeOf(place, signal)).find(({ uri }) => uri === pinned);
  }

  const readOnly = async (uri: string): Promise<never> => {
    placeOf(uri);
    throw new UserError('read-only-store', `${uri}: the Hub is read here, not written.`, {
      todo: 'Use registry: huggingface to publish, or a store that can be written.',
    });
  };

  return {
    stat: objectOf,

    async *list(prefix, signal) {
      const place = placeOf(prefix);
      const entries = await treeOf(place, signal);
      const pinned = `hf://${place.repository}@${await commitOf(place, signal)}/${place.path}`;
      for (const object of entries) if (object.uri.startsWith(pinned)) yield object;
    },

    async get(uri, to, options) {
      const { generation, partial, signal } = options;
      const place = placeOf(uri);
      const object = await objectOf(uri, signal);
      if (!object) throw noSuchObject(uri);
      if (generation !== undefined && generation !== object.generation) {
        if (partial !== undefined) await rm(partial, { force: true });
        throw new WorldError(
          'precondition-failed',
          `${uri} was changed meanwhile: expected commit ${generation}, found ${object.generation}.`,
          { todo: 'Run again.' },
        );
      }
      const url = `${hubUrl}/${place.repository}/resolve/${object.generation}/${place.path.split('/').map(encodeURIComponent).join('/')}`;
      const got = await download(
        {
          uri,
          bytes: object.bytes,
          async request(from, within) {
            const headers = new Headers({ 'accept-encoding': 'identity' });
            if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
            if (from > 0) headers.set('range', `bytes=${from}-`);
            const reply = await askHub(uri, within, { ...door, patience: { ...patience, tries: 1 } })(url, { headers });
            if (from > 0 && reply.status !== 206)
              throw new WorldError('range-ignored', `${uri}: the Hub sent the whole file where a part was asked for.`);
            return reply;
          },
          explain: (error) =>
            error instanceof TypeError
              ? new WorldError('hub-fault', `${uri}: the connection to the Hub broke: ${error.message}.`, {
                  cause: error,
                  todo: 'Run again.',
                })
              : error,
          check() {
            const git = createHash('sha1').update(`blob ${object.bytes}\0`);
            return {
              ...(object.sha256 === undefined && { onPart: (part: Uint8Array) => void git.update(part) }),
              verify(sha) {
                const [what, expected, found] =
                  object.sha256 === undefined ? ['git id', object.git, git.digest('hex')] : ['SHA-256', object.sha256, sha];
                if (expected !== undefined && expected !== found)
                  throw new WorldError('damaged-download', `${uri} came damaged: ${what} ${expected} expected, ${found} found.`, {
                    todo: 'Run again.',
                  });
              },
            };
          },
        },
        to,
        { ...options, patience, log },
      );
      return { ...got, generation: object.generation };
    },

    put: (_from, uri) => readOnly(uri),
    remove: (uri) => readOnly(uri),
  };
}

/** What was found stays; what failed is asked again. */
function once<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key);
  if (found) return found;
  const made = find();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

function placeOf(uri: string): Place {
  const [, datasets = '', name, revision = 'main', path = ''] =
    /^hf:\/\/(datasets\/)?((?!datasets\/)[\w.-]+\/[\w.-]+)(?:@([\w.-]+))?(?:\/(.*))?$/.exec(uri) ?? [];
  if (name === undefined || path.split('/').includes('..'))
    throw new UserError(
      'bad-uri',
      `${JSON.stringify(uri)}: expected hf://OWNER/NAME[@REVISION][/PATH] or hf://datasets/OWNER/NAME[@REVISION][/PATH].`,
      {
        todo: 'Old names without an owner have one too, e.g. hf://google-t5/t5-large.',
      },
    );
  return { type: datasets === '' ? 'model' : 'dataset', name, repository: datasets + name, revision, path };
}
