import { rm } from 'node:fs/promises';
import { type FileMetadata, IdempotencyStrategy, Storage } from '@google-cloud/storage';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { Crc32c } from '../crc32c.ts';
import type { GoogleCredentials } from '../google/credentials.ts';
import { download } from './download.ts';
import { DAMAGED_UPLOAD, explainGsError, noSuchObject, type Permission, refusalOf } from './gs-errors.ts';
import { readForUpload, sendToSession } from './gs-upload.ts';
import { orAborted, PATIENCE, type Patience, patiently } from './patience.ts';
import type { Store, StoredObject } from './store.ts';

export interface GsOptions {
  /** Absent: requests are sent as nobody, which only an emulator takes. */
  readonly credentials?: GoogleCredentials;
  /** Where the service is, when it is not Google's: `STORAGE_EMULATOR_HOST`. */
  readonly endpoint?: string;
  /** Whether that place wants the credentials too. */
  readonly authenticated?: boolean;
  readonly log: (line: string) => void;
  readonly patience?: Patience;
}

/** Names the SHA-256 that `put` has found, in the object's own metadata. */
const SHA256 = 'sha256';
const PAGE = 1000;

/**
 * Objects of Google Cloud Storage, `gs://bucket/name`. Generations are the preconditions; CRC-32C is compared on every read and write.
 * The client speaks of objects; their bytes go by `fetch`, which can be cancelled, timed and gone on with (docs/decisions/providers.md).
 */
export function gsStore({ credentials, endpoint, authenticated = endpoint === undefined, log, patience = PATIENCE }: GsOptions): Store {
  const storage = new Storage({
    projectId: 'unused',
    // Tries again are made here, where they obey the signal.
    retryOptions: { autoRetry: false, maxRetries: 0, idempotencyStrategy: IdempotencyStrategy.RetryNever },
    ...(credentials && { authClient: credentials.auth }),
    ...(endpoint !== undefined && { apiEndpoint: endpoint, useAuthWithCustomEndpoint: authenticated }),
  });
  const principal = credentials?.principal ?? 'nobody';

  async function ask<T>(
    doing: string,
    uri: string,
    permission: Permission,
    signal: AbortSignal,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const explained = async (within: AbortSignal) => {
      try {
        return await orAborted(call(within), within);
      } catch (error) {
        signal.throwIfAborted();
        throw explainGsError(error, { doing, uri, permission, principal });
      }
    };
    return patiently(explained, { patience, signal, log });
  }

  async function metadataOf(uri: string, generation: string | undefined, signal: AbortSignal): Promise<FileMetadata | undefined> {
    const { bucket, name } = placeOf(uri);
    if (name === '' || name.endsWith('/')) return undefined;
    const file = storage.bucket(bucket).file(name, generation === undefined ? {} : { generation });
    try {
      const [found] = await ask('look at', uri, 'storage.objects.get', signal, () => file.getMetadata());
      return found;
    } catch (error) {
      if (error instanceof UserError && error.code === 'no-such-object') return undefined;
      throw error;
    }
  }

  return {
    async stat(uri, signal) {
      const found = await metadataOf(uri, undefined, signal);
      return found && objectOf(uri, found);
    },

    async *list(prefix, signal) {
      const { bucket, name } = placeOf(prefix);
      for (let pageToken: string | undefined; ; ) {
        const [files, next] = await ask('list', prefix, 'storage.objects.list', signal, () =>
          storage
            .bucket(bucket)
            .getFiles({ prefix: name, autoPaginate: false, maxResults: PAGE, ...(pageToken !== undefined && { pageToken }) }),
        );
        for (const { name: found, metadata } of files) {
          // A name that ends with / is a folder somebody made in the console.
          if (!found.endsWith('/')) yield objectOf(`gs://${bucket}/${found}`, metadata);
        }
        pageToken = (next as { pageToken?: string } | null | undefined)?.pageToken;
        if (pageToken === undefined) return;
      }
    },

    async get(uri, to, options) {
      const { generation, partial, signal } = options;
      const { bucket, name } = placeOf(uri);
      const found = await metadataOf(uri, generation, signal);
      if (!found) {
        if (partial !== undefined) await rm(partial, { force: true });
        const live = generation === undefined ? undefined : await metadataOf(uri, undefined, signal);
        throw live ? changed(uri, String(generation), String(live.generation)) : noSuchObject(uri);
      }
      if (found.contentEncoding === 'gzip') {
        throw new UserError(
          'content-encoding',
          `${uri} is stored with Content-Encoding gzip: its bytes cannot be compared with its checksum.`,
          {
            todo: 'Upload it again without that header (`gcloud storage cp` without --gzip-local).',
          },
        );
      }
      const pinned = String(found.generation);
      const url = `${storage.baseUrl}/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}?alt=media&generation=${pinned}`;
      const got = await download(
        {
          uri,
          bytes: Number(found.size),
          async request(from, within) {
            const headers = new Headers(
              authenticated && credentials ? await orAborted(credentials.auth.getRequestHeaders(url), within) : undefined,
            );
            headers.set('accept-encoding', 'identity');
            if (from > 0) headers.set('range', `bytes=${from}-`);
            const reply = await fetch(url, { headers, signal: within });
            if (!reply.ok) throw await refusalOf(reply);
            if (from > 0 && reply.status !== 206)
              throw new WorldError('range-ignored', `${uri}: Cloud Storage sent the whole object where a part was asked for.`);
            return reply;
          },
          explain(error) {
            const explained = explainGsError(error, { doing: 'fetch', uri, permission: 'storage.objects.get', principal });
            const gone = explained instanceof UserError && explained.code === 'no-such-object';
            return gone ? changed(uri, pinned, 'another') : explained;
          },
          check() {
            const crc = new Crc32c();
            return {
              onPart: (part) => crc.update(part),
              verify() {
                if (found.crc32c === undefined || found.crc32c === crc.base64) return;
                throw new WorldError('damaged-download', `${uri} came damaged: CRC-32C ${found.crc32c} expected, ${crc.base64} found.`, {
                  todo: 'Run again.',
                });
              },
            };
          },
        },
        to,
        { ...options, patience, log },
      );
      return { ...got, generation: pinned };
    },

    async put(from, uri, { ifGeneration, signal, onBytes }) {
      const { bucket, name } = placeOf(uri);
      if (name === '' || name.endsWith('/')) throw badUri(uri, 'the name of an object');
      const local = await readForUpload(from, signal);
      const options = {
        // Cloud Storage itself refuses what does not have this checksum, before the object is there.
        metadata: { crc32c: local.crc32c, metadata: { [SHA256]: local.sha256 }, contentType: 'application/octet-stream' },
        ...(ifGeneration !== undefined && { preconditionOpts: { ifGenerationMatch: ifGeneration === 'absent' ? 0 : ifGeneration } }),
      };
      const file = storage.bucket(bucket).file(name);
      const explain = (error: unknown) => explainGsError(error, { doing: 'store', uri, permission: 'storage.objects.create', principal });
      const open = () => ask('store', uri, 'storage.objects.create', signal, async () => (await file.createResumableUpload(options))[0]);
      const stored = await sendToSession(open, from, local, { uri, explain, patience, signal, log, ...(onBytes && { onBytes }) });
      if (stored.crc32c !== undefined && stored.crc32c !== local.crc32c)
        throw new WorldError(DAMAGED_UPLOAD, `${uri} arrived damaged: CRC-32C ${local.crc32c} sent, ${stored.crc32c} stored.`, {
          todo: 'Run again.',
        });
      return { ...objectOf(uri, stored), sha256: local.sha256 };
    },

    async remove(uri, signal) {
      const { bucket, name } = placeOf(uri);
      await ask('remove', uri, 'storage.objects.delete', signal, () => storage.bucket(bucket).file(name).delete({ ignoreNotFound: true }));
    },
  };
}

/** Bucket and name of `gs://bucket/name`; the name is taken as it stands, nothing in it is decoded. */
function placeOf(uri: string): { readonly bucket: string; readonly name: string } {
  const [, bucket, name = ''] = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/([^\r\n]*))?$/s.exec(uri) ?? [];
  if (bucket === undefined || Buffer.byteLength(name) > 1024 || name === '.' || name === '..') throw badUri(uri, 'gs://BUCKET/NAME');
  return { bucket, name };
}

const badUri = (uri: string, expected: string) => new UserError('bad-uri', `${JSON.stringify(uri)}: expected ${expected}.`);

function objectOf(uri: string, { size, generation, updated, metadata, md5Hash, crc32c }: FileMetadata): StoredObject {
  const sha256 = metadata?.[SHA256];
  // An object composed of parts, as Google's own tools make large ones, has no MD5.
  const weaker = md5Hash !== undefined ? { md5: Buffer.from(md5Hash, 'base64').toString('hex') } : crc32c !== undefined && { crc32c };
  return {
    uri,
    bytes: Number(size),
    generation: String(generation),
    modified: String(updated),
    ...(typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? { sha256 } : weaker),
  };
}

const changed = (uri: string, expected: string, found: string) =>
  new WorldError('precondition-failed', `${uri} was changed meanwhile: expected generation ${expected}, found ${found}.`, {
    todo: 'Run again.',
  });
