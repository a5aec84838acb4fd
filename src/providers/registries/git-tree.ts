import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openNew } from '../../kernel/durable-file.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import type { Forge } from '../forge/forge.ts';
import { type AssetPointer, digestLocals, downloadAsset, type LocalFile, readPointer, uploadLarge, writePointer } from './git-assets.ts';
import { GitDraft } from './git-draft.ts';
import { describeChange } from './git-message.ts';
import { type BranchView, branchReader } from './git-view.ts';
import { digestOfFiles, METADATA_FILE, readVersionFile } from './registry-files.ts';
import type { Staged, Tree, TreeChanges } from './tree.ts';

export interface GitTreeOptions {
  readonly forge: Forge;
  readonly branch?: string;
  readonly log?: (line: string) => void;
  /** The token of the job that publishes is another one: whether this one may write tells nothing. */
  readonly tokenPerJob?: boolean;
  /** Longest rest after the first lost race; grows with each. */
  readonly pauseMs?: number;
  /** Text files up to this size go into the branch itself. */
  readonly inlineBytes?: number;
}

export const REGISTRY_BRANCH = 'retrain-registry';
const INLINE_BYTES = 64 << 10;
const INLINE_TOTAL = 1 << 20;
const PAUSE_MS = 250;
const PAUSE_MS_MAX = 4_000;
const RACES_MAX = 80;

const README = `# Registry

Retrain keeps the versions of this repository's models here. The log of this branch says what happened, and when:

    git log --format='%ad %s' origin/BRANCH

Large files of a version are assets of a pre-release; \`<model>/assets/<n>.json\` says which. Do not edit files by hand.
`;

interface StagedVersion {
  readonly files: readonly LocalFile[];
  pointer?: AssetPointer;
  /** How far the release has come; only a `kept` one has a version that points to it. */
  release: 'none' | 'draft' | 'published' | 'kept';
}

/** A registry's tree on a branch of a repository: small files in commits, large ones as assets of releases. */
export function gitTree({
  forge,
  branch = REGISTRY_BRANCH,
  log,
  tokenPerJob,
  pauseMs = PAUSE_MS,
  inlineBytes = INLINE_BYTES,
}: GitTreeOptions): Tree {
  const reader = branchReader(forge);
  /** Our own commits by the one before: a replica that has not heard of ours yet must not take us back. */
  const successors = new Map<string, string>();
  let latest: BranchView = reader.at(undefined);

  async function view(signal: AbortSignal): Promise<BranchView> {
    signal.throwIfAborted();
    let head = await forge.head(branch, signal);
    for (let next = head; next !== undefined; next = successors.get(next)) head = next;
    if (head === undefined || head !== latest.head) latest = reader.at(head);
    return latest;
  }

  async function ensureBranch(signal: AbortSignal): Promise<void> {
    const files = { 'README.md': README.replace('BRANCH', branch) };
    await forge.createBranch(branch, { files, headline: 'Begin the registry of models' }, signal);
  }

  const pointerPath = (folder: string): string => `${folder.replace('/versions/', '/assets/')}.json`;
  const place = (path: string): string => `${forge.url}/blob/${branch}/${path}`;

  async function pointerOf(folder: string, from: Pick<BranchView, 'read'>, signal: AbortSignal): Promise<AssetPointer | undefined> {
    const bytes = await from.read(pointerPath(folder), signal);
    return bytes && readPointer(bytes, place(pointerPath(folder)));
  }

  const stagedVersions = new WeakMap<Staged, StagedVersion>();

  async function upload(model: string, staged: StagedVersion, now: BranchView, signal: AbortSignal): Promise<void> {
    if (staged.pointer || staged.files.every(({ content }) => content !== undefined)) return;
    // A release's tag stands on the branch, away from commits that carry workflows.
    if (now.head === undefined) await ensureBranch(signal);
    staged.pointer = await uploadLarge(forge, { branch, model, files: staged.files, log }, signal);
    staged.release = 'draft';
  }

  /** Removes the release of a version that did not come to be. When it cannot be known whether it did, the release stays. */
  async function discard(model: string, staged: StagedVersion): Promise<void> {
    const { pointer, release } = staged;
    if (!pointer || release === 'kept') return;
    const signal = AbortSignal.timeout(30_000);
    try {
      if (release === 'published') {
        const now = await view(signal);
        for (const name of await now.list(`${model}/assets`, signal)) {
          const bytes = await now.read(`${model}/assets/${name}`, signal);
          if (bytes && readPointer(bytes, name).release === pointer.release) return;
        }
      }
      await forge.deleteRelease(pointer.release, pointer.tag, signal);
    } catch {
      log?.(`Could not remove the release ${pointer.tag} of a version that was not registered.`);
    }
  }

  function changesOf(model: string, draft: GitDraft, signal: AbortSignal, afterwards: (() => Promise<void>)[]): TreeChanges {
    return {
      read: (path, signal) => draft.read(path, signal),
      list: (folder, signal) => draft.list(folder, signal),
      async write(path, content) {
        draft.put(path, content);
      },
      async publish(handle, folder, texts) {
        const staged = stagedVersions.get(handle);
        if (!staged) throw new RangeError('publish: these files were staged elsewhere, or published before');
        await upload(model, staged, draft.base, signal);
        for (const { path, content } of staged.files) if (content !== undefined) draft.put(`${folder}/${path}`, content);
        for (const [name, text] of Object.entries(texts)) draft.put(`${folder}/${name}`, text);
        if (!staged.pointer) return;
        draft.put(pointerPath(folder), writePointer(staged.pointer));
        // Before the commit: from the moment the branch names the version, everybody can have its bytes.
        if (staged.release === 'draft') await forge.publish(staged.pointer.release, signal);
        staged.release = 'published';
        afterwards.push(async () => {
          staged.release = 'kept';
        });
      },
      async removeFolder(folder) {
        const pointer = await pointerOf(folder, draft, signal);
        await draft.dropFolder(folder, signal);
        if (!pointer) return;
        await draft.drop(pointerPath(folder), signal);
        afterwards.push(async () => {
          await forge
            .deleteRelease(pointer.release, pointer.tag, signal)
            .catch(() => log?.(`Could not remove the release ${pointer.tag}; the version itself is gone.`));
        });
      },
    };
  }

  return {
    uri: `${forge.url}/tree/${branch}`,
    place,
    view: (signal) => explained(() => view(signal)),

    async download(path, to, signal) {
      const [folder = '', file = ''] = splitVersionPath(path);
      // A version never changes: a commit seen before will do, if it has it.
      for (const from of [latest, await view(signal)]) {
        const bytes = await from.read(path, signal);
        if (bytes) {
          await using target = await openNew(to);
          await target.writeFile(bytes);
          await target.sync();
          return digestOf(bytes);
        }
        const pointer = (await pointerOf(folder, from, signal))?.files[file];
        if (pointer) return downloadAsset(forge, pointer, to, signal);
      }
      return undefined;
    },

    async stage(model, files, signal) {
      return explained(async () => {
        signal.throwIfAborted();
        const staged: StagedVersion = {
          files: await digestLocals(files, { inlineBytes, inlineTotal: INLINE_TOTAL }, signal),
          release: 'none',
        };
        const handle: Staged = {
          files: staged.files.map(({ path, sha256, bytes }) => ({ path, sha256, bytes })),
          [Symbol.asyncDispose]: () => discard(model, staged),
        };
        stagedVersions.set(handle, staged);
        const now = await view(signal);
        if (!(await isThere(model, handle.files, now, signal))) await upload(model, staged, now, signal);
        return handle;
      });
    },

    async change(model, work, signal) {
      return explained(async () => {
        for (let race = 1; ; race++) {
          const afterwards: (() => Promise<void>)[] = [];
          try {
            const base = await view(signal);
            const draft = new GitDraft(base);
            const result = await work(changesOf(model, draft, signal, afterwards));
            if (draft.empty) return result;
            if (base.head === undefined) {
              // Somebody else may have begun it at the same time: work looks again.
              await ensureBranch(signal);
              continue;
            }
            const message = await describeChange(model, draft, signal);
            const made = await forge.commit(
              { branch, expectedHead: base.head, ...message, additions: draft.additions, deletions: [...draft.deletions] },
              signal,
            );
            successors.set(base.head, made);
            for (const each of afterwards) await each();
            return result;
          } catch (error) {
            if (!(error instanceof WorldError) || error.code !== 'head-moved') throw error;
            if (race === RACES_MAX)
              throw new WorldError(
                'registry-busy',
                `${forge.url}: branch ${branch} was changed by others ${race} times while version or alias were to be written.`,
                {
                  cause: error,
                  todo: 'Run again.',
                },
              );
            // Of many who lost at once some come back earlier than others.
            await delay(Math.random() * Math.min(pauseMs * race, PAUSE_MS_MAX), undefined, { signal });
          }
        }
      });
    },

    async probe(signal) {
      await explained(async () => {
        await forge.head(branch, signal);
        if (!tokenPerJob) await forge.probeWrite(signal);
      });
    },
  };
}

/** `churn/versions/3/model/a.bin` as the version's folder and the file's path within it. */
function splitVersionPath(path: string): readonly [folder: string, file: string] {
  const parts = path.split('/');
  return [parts.slice(0, 3).join('/'), parts.slice(3).join('/')];
}

const digestOf = (bytes: Uint8Array) => ({ sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength });

/** Whether a version with exactly these files is on the branch already. */
async function isThere(model: string, files: Staged['files'], now: BranchView, signal: AbortSignal): Promise<boolean> {
  const digest = digestOfFiles(files);
  for (const name of await now.list(`${model}/versions`, signal)) {
    const path = `${model}/versions/${name}/${METADATA_FILE}`;
    const bytes = await now.read(path, signal);
    if (bytes && readVersionFile(bytes, path, model, Number(name)).digest === digest) return true;
  }
  return false;
}

/** One code for all ways in which the repository refuses the registry. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || !['forge-forbidden', 'forge-unauthorized', 'forge-refused'].includes(error.code)) throw error;
    throw new UserError('registry-not-writable', error.message, { todo: error.todo, cause: error });
  }
}
