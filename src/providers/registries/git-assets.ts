import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf, openNew } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import type { Forge } from '../forge/forge.ts';
import type { StoredFile } from './registry.ts';
import { digestOfFiles } from './registry-files.ts';

/** GitHub takes less than 2 GiB per asset and 1,000 assets per release (docs, "About releases"). */
const ASSET_BYTES_MAX = 2 ** 31 - 1;
const ASSETS_MAX = 1000;
const LEFTOVER_MS = 24 * 3_600_000;
const READ_BYTES = 1 << 20;

/** `<model>/assets/<n>.json`: where the large files of a version lie. */
const pointerSchema = z.strictObject({
  schema: z.literal('retrain/assets/1'),
  release: z.int(),
  tag: z.string(),
  files: z.record(z.string(), z.strictObject({ asset: z.int(), bytes: z.int().min(1) })),
});
export type AssetPointer = z.infer<typeof pointerSchema>;

export const writePointer = (pointer: AssetPointer): string => `${JSON.stringify(pointer, undefined, 2)}\n`;

export function readPointer(bytes: Uint8Array, place: string): AssetPointer {
  try {
    return pointerSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new UserError('registry-corrupted', `${place} is damaged: expected where the files of a version lie (retrain/assets/1).`, {
      cause: error,
      todo: 'Put this file back from an earlier commit of the branch.',
    });
  }
}

export interface LocalFile extends StoredFile {
  readonly local: string;
  /** Set when the file is small text: it goes into the branch itself, where a person can read it. */
  readonly content?: Uint8Array;
}

/** Digests local files; those of at most `inlineBytes` that are text are kept as content, `inlineTotal` bytes of them at most. */
export async function digestLocals(
  files: ReadonlyMap<string, string>,
  limits: { readonly inlineBytes: number; readonly inlineTotal: number },
  signal: AbortSignal,
): Promise<readonly LocalFile[]> {
  const found: LocalFile[] = [];
  let left = limits.inlineTotal;
  for (const [path, local] of files) {
    await using file = await open(local, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { size } = await file.stat();
    if (size > ASSET_BYTES_MAX)
      throw tooLarge(`${path} has ${size} bytes, but a file of a GitHub release holds less than 2 GiB (${ASSET_BYTES_MAX + 1})`);
    const hash = createHash('sha256');
    const kept: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(READ_BYTES, size - bytes + 1)));
      if (bytesRead === 0) break;
      const part = buffer.subarray(0, bytesRead);
      hash.update(part);
      bytes += bytesRead;
      if (bytes <= Math.max(1, limits.inlineBytes)) kept.push(part);
    }
    const content = Buffer.concat(kept);
    // An asset cannot be empty.
    const inline = bytes === 0 || (bytes <= Math.min(limits.inlineBytes, left) && isText(content));
    if (inline) left -= bytes;
    found.push({ path, local, sha256: hash.digest('hex'), bytes, ...(inline && { content }) });
  }
  const large = found.filter(({ content }) => content === undefined).length;
  if (large > ASSETS_MAX) throw tooLarge(`The version has ${large} large files, but a GitHub release holds ${ASSETS_MAX}`);
  return found;
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function tooLarge(what: string): UserError {
  return new UserError('too-large-for-git', `${what}: registry git cannot keep this version.`, {
    todo: 'Keep the registry in a bucket: `registry: gs://BUCKET/FOLDER`.',
  });
}

/** First part of the tags of all releases that belong to a registry branch. */
export const tagPrefix = (branch: string, model: string): string => `${branch}/${model}/`;

/**
 * Uploads the large files of a version to a draft release of its own: nobody else's version ever points into it, so that it may be
 * deleted without asking who else uses it. A draft is seen by nobody until it is published.
 */
export async function uploadLarge(
  forge: Forge,
  { branch, model, files, log }: { branch: string; model: string; files: readonly LocalFile[]; log?: (line: string) => void },
  signal: AbortSignal,
): Promise<AssetPointer> {
  await sweepDrafts(forge, tagPrefix(branch, model), log, signal);
  const digest = digestOfFiles(files);
  const { id: release, tag } = await forge.createDraft(
    {
      tag: `${tagPrefix(branch, model)}${digest.slice(0, 12)}-${randomBytes(4).toString('hex')}`,
      target: branch,
      title: `${model} ${digest.slice(0, 12)}`,
      text: `Files of a version of the model ${model}, kept for the registry on branch ${branch}. Removing this release breaks that version; \`retrain registry remove\` removes both.\n\nDigest of the version: ${digest}`,
    },
    signal,
  );
  try {
    const pointers: Record<string, { asset: number; bytes: number }> = {};
    const sent = new Map<string, number>();
    for (const { path, local, sha256, bytes, content } of files) {
      if (content !== undefined) continue;
      // An asset is named by its content: names of files need not survive GitHub's own rules, and twins travel once.
      const asset = sent.get(sha256) ?? (await forge.upload(release, { name: sha256, label: path, path: local, bytes, sha256 }, signal)).id;
      sent.set(sha256, asset);
      pointers[path] = { asset, bytes };
    }
    return { schema: 'retrain/assets/1', release, tag, files: pointers };
  } catch (error) {
    await forge
      .deleteRelease(release, tag, AbortSignal.timeout(30_000))
      .catch(() => log?.(`Could not remove the draft release ${tag}; a later run will.`));
    throw error;
  }
}

/** Removes drafts that a killed run left a day ago or earlier. */
async function sweepDrafts(forge: Forge, prefix: string, log: ((line: string) => void) | undefined, signal: AbortSignal): Promise<void> {
  for (const { id, tag, draft, created } of await forge.releases(signal)) {
    if (!draft || !tag.startsWith(prefix) || Date.now() - Date.parse(created) < LEFTOVER_MS) continue;
    await forge.deleteRelease(id, tag, signal);
    log?.(`Removed the draft release ${tag}: a version in the making whose run has ended.`);
  }
}

/** Writes an asset to a new local file, digested; undefined when it is gone. Stops at the first byte beyond what was registered. */
export async function downloadAsset(
  forge: Forge,
  { asset, bytes: expected }: { readonly asset: number; readonly bytes: number },
  to: string,
  signal: AbortSignal,
): Promise<{ sha256: string; bytes: number } | undefined> {
  const parts = await forge.download(asset, signal);
  if (!parts) return undefined;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await using file = await openNew(to);
    for await (const part of parts) {
      signal.throwIfAborted();
      hash.update(part);
      bytes += part.byteLength;
      if (bytes > expected) break;
      await file.writeFile(part);
    }
    await file.sync();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') await rm(to, { force: true });
    throw error;
  }
  return { sha256: hash.digest('hex'), bytes };
}
