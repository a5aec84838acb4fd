import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { Forge } from '../forge/forge.ts';
import type { VertexClients } from '../google/vertex-clients.ts';
import type { KeptObjects } from '../kept-objects.ts';
import type { Store } from '../stores/store.ts';
import type { Registry } from './registry.ts';

export interface RegistryPlace {
  readonly home: string;
  /** What relative paths in the URI are relative to. */
  readonly base: string;
  /** Value of the key `store`, where `vertex` keeps its files when it names no folder itself. */
  readonly keptIn?: string;
  readonly log: (line: string) => void;
  /** On GitHub each job has a token of its own, with the permissions of that job; GitHub compares those before a run begins. */
  readonly tokenPerJob?: boolean;
  /** The repository's forge, opened only by a registry that lives there. */
  readonly forge: () => Promise<Forge>;
  /** Opened only by a registry in a bucket. */
  readonly store: () => Promise<Store>;
  /** What keeps files of versions that lie in a bucket. */
  readonly objects?: () => Promise<KeptObjects>;
  /** Opened only by a registry on Vertex AI. */
  readonly vertex: () => Promise<VertexClients>;
}

/**
 * Opens the registry a URI names: `file` (in the home folder), `file:FOLDER`, `git` (branch `retrain-registry`), `git:BRANCH`, `gs://BUCKET/FOLDER`,
 * `vertex` (files in `registry/` of the store) or `vertex:gs://BUCKET/FOLDER`.
 */
export async function openRegistry(uri: string, place: RegistryPlace): Promise<Registry> {
  const { home, base, log, tokenPerJob, forge, store, objects } = place;
  const [scheme, rest] = uri.includes(':') ? [uri.slice(0, uri.indexOf(':')), uri.slice(uri.indexOf(':') + 1)] : [uri, ''];
  switch (scheme) {
    case 'file': {
      const { fileRegistry } = await import('./file.ts');
      const path = rest.replace(/^\/\//, '');
      return fileRegistry({ root: path === '' ? join(home, 'registry') : isAbsolute(path) ? path : resolve(base, path), log });
    }
    case 'git': {
      const { gitRegistry } = await import('./git.ts');
      return gitRegistry({ forge: await forge(), log, tokenPerJob, ...(rest !== '' && { branch: checkedBranch(rest) }) });
    }
    case 'gs': {
      const { storeRegistry } = await import('./store-registry.ts');
      return storeRegistry({ store: await store(), root: bucketFolder(uri), log, ...(objects && { objects }) });
    }
    case 'vertex': {
      const [{ vertexRegistry }, { storeTree }, clients] = await Promise.all([
        import('./vertex.ts'),
        import('./store-tree.ts'),
        place.vertex(),
      ]);
      const root = vertexFolder(rest, place, clients);
      const inBucket = objects && root.startsWith('gs://') && { objects };
      return vertexRegistry({ clients, tree: storeTree({ store: await store(), root, log, ...inBucket }), log });
    }
    default:
      throw new UserError(
        'unknown-registry',
        `registry: expected file, file:FOLDER, git, git:BRANCH, gs://BUCKET/FOLDER, vertex or vertex:gs://BUCKET/FOLDER, found "${uri}".`,
      );
  }
}

/** Folder of the files of a registry on Vertex AI: the one named, else `registry` in the store. Vertex AI reads buckets only; its stand-in any store. */
function vertexFolder(named: string, { keptIn }: RegistryPlace, { place }: VertexClients): string {
  const folder = named !== '' ? named : keptIn === undefined ? undefined : `${keptIn.replace(/\/+$/, '')}/registry`;
  if (folder?.startsWith('gs://')) return bucketFolder(folder);
  if (folder !== undefined && place.loopback) return folder;
  throw new UserError(
    'registry-needs-bucket',
    `registry: vertex keeps the files of models in a bucket, and ${folder === undefined ? 'none is named' : `${folder} is none`}.`,
    { todo: 'Set `store: gs://BUCKET/FOLDER`, or `registry: vertex:gs://BUCKET/FOLDER`.' },
  );
}

function bucketFolder(uri: string): string {
  const folder = uri.replace(/\/+$/, '');
  if (/^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](?:\/[A-Za-z0-9._=-]+)*$/.test(folder)) return folder;
  throw new UserError(
    'bad-bucket',
    `registry: expected gs://BUCKET/FOLDER with letters, digits, ".", "-", "_" and "=" in the folder's name, found ${JSON.stringify(uri)}.`,
  );
}

/** Names that git takes for a branch and that mean nothing else in a URL or a tag. */
function checkedBranch(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/.test(name) && !/\.\.|\.lock(?:\/|$)|\.(?:\/|$)/.test(name))
    return name;
  throw new UserError(
    'bad-branch',
    `registry: ${JSON.stringify(name)} is no name for a branch: expected letters, digits, ".", "-", "_" and "/".`,
  );
}
