import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, explainFileError, PARTIAL_PREFIX, syncFolder } from '../../kernel/durable-file.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import type { Aliases, HistoryEvent, ModelState, Registry, Version, VersionDraft } from './registry.ts';
import {
  ACCEPTED_FOLDER,
  ALIASES_FILE,
  checkAliasName,
  digestOfFiles,
  HISTORY_FILE,
  inOrder,
  METADATA_FILE,
  readAliasesFile,
  readHistoryFile,
  readStateFile,
  readTagsFile,
  readVersionFile,
  STATE_FILE,
  TAGS_FILE,
  writeAliasesFile,
  writeHistoryLine,
  writeStateFile,
  writeTagsFile,
  writeVersionFile,
} from './registry-files.ts';
import type { Tree, TreeView } from './tree.ts';

/** What can be read of a registry through one view of its tree. */
function reading(view: TreeView, tree: Pick<Tree, 'uri' | 'place'>, signal: AbortSignal) {
  async function aliases(model: string): Promise<Aliases> {
    const path = `${checkedModel(model)}/${ALIASES_FILE}`;
    return readAliasesFile(await view.read(path, signal), tree.place(path));
  }

  async function numbers(model: string): Promise<{ readonly present: readonly number[]; readonly last: number }> {
    const names = await view.list(`${checkedModel(model)}/versions`, signal);
    const removed = new Set(names.flatMap((name) => /^([1-9]\d{0,8})\.removed$/.exec(name)?.[1] ?? []).map(Number));
    const found = names.filter((name) => /^[1-9]\d{0,8}$/.test(name)).map(Number);
    const present = found.filter((number) => !removed.has(number)).sort((a, b) => a - b);
    return { present, last: Math.max(0, ...found, ...removed) };
  }

  async function read(model: string, version: number): Promise<Version | undefined> {
    const folder = versionFolder(model, version);
    const bytes = await view.read(`${folder}/${METADATA_FILE}`, signal);
    if (bytes === undefined) return undefined;
    const found = readVersionFile(bytes, tree.place(`${folder}/${METADATA_FILE}`), model, version);
    for (const file of found.files) checkPathWithin(file.path);
    const tags = readTagsFile(await view.read(`${folder}/${TAGS_FILE}`, signal), tree.place(`${folder}/${TAGS_FILE}`));
    return { ...found, tags };
  }

  async function version(model: string, number: number): Promise<Version> {
    const { present } = await numbers(model);
    const found = present.includes(number) ? await read(model, number) : undefined;
    if (found) return found;
    if (present.includes(number)) {
      throw new UserError('registry-corrupted', `${tree.place(`${versionFolder(model, number)}/${METADATA_FILE}`)} is missing.`, {
        todo: 'Put this file back from a copy (backup, branch, bucket version).',
      });
    }
    throw new UserError(
      'no-such-version',
      `${model} has no version ${number} in ${tree.uri}${present.length === 0 ? ': it has none at all' : `; there are ${listed(present)}`}.`,
      {
        todo: '`retrain registry list` shows what there is.',
      },
    );
  }

  async function versions(model: string): Promise<readonly Version[]> {
    const found: Version[] = [];
    for (const number of (await numbers(model)).present) found.push(await version(model, number));
    return found;
  }

  async function state(model: string): Promise<ModelState> {
    const path = `${checkedModel(model)}/${STATE_FILE}`;
    return readStateFile(await view.read(path, signal), tree.place(path));
  }

  /** What came with accepted proposals and no writer has moved to the history yet, in order. */
  async function accepted(model: string): Promise<string> {
    const folder = `${checkedModel(model)}/${ACCEPTED_FOLDER}`;
    const names = (await view.list(folder, signal)).toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    const lines: string[] = [];
    for (const name of names) {
      const text = Buffer.from((await view.read(`${folder}/${name}`, signal)) ?? new Uint8Array()).toString('utf8');
      readHistoryFile(Buffer.from(text), tree.place(`${folder}/${name}`));
      lines.push(`${text.trimEnd()}\n`);
    }
    return lines.join('');
  }

  return { aliases, numbers, version, versions, state, accepted };
}

/** The rules of a registry, over any tree of files. */
export function treeRegistry(tree: Tree): Registry {
  const look = async (signal: AbortSignal) => reading(await tree.view(signal), tree, signal);

  return {
    uri: tree.uri,
    aliases: async (model, signal) => (await look(signal)).aliases(model),
    version: async (model, number, signal) => (await look(signal)).version(model, number),
    versions: async (model, signal) => (await look(signal)).versions(model),

    async find(model, alias, signal) {
      const { aliases, version } = await look(signal);
      const number = (await aliases(model)).versions[alias];
      return number === undefined ? undefined : version(model, number);
    },

    async models(signal) {
      const view = await tree.view(signal);
      const found: string[] = [];
      for (const name of await view.list('', signal)) {
        if (!MODEL_NAME.test(name)) continue;
        const inside = await view.list(name, signal);
        if (['versions', ALIASES_FILE, STATE_FILE, HISTORY_FILE].some((known) => inside.includes(known))) found.push(name);
      }
      return found;
    },

    async add(model, draft, signal) {
      checkedModel(model);
      await using staged = await tree.stage(model, await filesOf(draft), signal);
      const files = inOrder(staged.files);
      const digest = digestOfFiles(files);
      // Awaited here: what is staged goes away when this function ends.
      return await tree.change(
        model,
        async (changes) => {
          const { numbers, version, versions } = reading(changes, tree, signal);
          const same = (await versions(model)).find((each) => each.digest === digest);
          if (same) return same;
          const number = (await numbers(model)).last + 1;
          const made = { model, version: number, created: draft.created, files, digest, metadata: draft.metadata };
          const tags = draft.tags ?? {};
          await changes.publish(staged, versionFolder(model, number), {
            [METADATA_FILE]: writeVersionFile(made),
            ...(Object.keys(tags).length === 0 ? {} : { [TAGS_FILE]: writeTagsFile(tags) }),
          });
          return version(model, number);
        },
        signal,
      );
    },

    async tag(model, number, tags, signal) {
      await tree.change(
        model,
        async (changes) => {
          const before = await reading(changes, tree, signal).version(model, number);
          await changes.write(`${versionFolder(model, number)}/${TAGS_FILE}`, writeTagsFile({ ...before.tags, ...tags }));
        },
        signal,
      );
    },

    async move(model, changed, generation, signal) {
      for (const alias of Object.keys(changed)) checkAliasName(alias);
      checkedModel(model);
      return tree.change(
        model,
        async (changes) => {
          const { aliases, version } = reading(changes, tree, signal);
          const before = await aliases(model);
          if (before.generation !== generation) throw aliasMoved(model, generation, before);
          for (const number of Object.values(changed)) if (number !== undefined) await version(model, number);
          const versions = Object.fromEntries(
            Object.entries({ ...before.versions, ...changed }).filter(([, number]) => number !== undefined),
          );
          const after: Aliases = { generation: generation + 1, versions };
          await changes.write(`${model}/${ALIASES_FILE}`, writeAliasesFile(after));
          return after;
        },
        signal,
      );
    },

    async fetch(wanted, folder, { prefix, signal }) {
      const files = wanted.files.filter((file) => prefix === undefined || isUnder(file.path, prefix));
      await fetchFiles(tree, wanted, files, folder, signal);
    },

    async remove(model, number, signal) {
      await tree.change(
        model,
        async (changes) => {
          const { aliases, version } = reading(changes, tree, signal);
          await version(model, number);
          const named = Object.entries((await aliases(model)).versions).filter(([, each]) => each === number);
          if (named.length > 0) {
            throw new UserError('aliased', `Version ${number} of ${model} is ${named.map(([alias]) => alias).join(' and ')} and stays.`, {
              todo: 'Move the alias to another version first.',
            });
          }
          // The mark first: its number is never given again, and a removal cut short is finished by the next writer.
          await changes.write(`${model}/versions/${number}.removed`, '{}\n');
          await changes.removeFolder(versionFolder(model, number));
        },
        signal,
      );
    },

    state: async (model, signal) => (await look(signal)).state(model),

    async updateState(model, change, signal) {
      const path = `${checkedModel(model)}/${STATE_FILE}`;
      return tree.change(
        model,
        async (changes) => {
          const after: ModelState = change(await reading(changes, tree, signal).state(model));
          const text = writeStateFile(after);
          readStateFile(Buffer.from(text), tree.place(path));
          await changes.write(path, text);
          return after;
        },
        signal,
      );
    },

    async history(model, signal) {
      const path = `${checkedModel(model)}/${HISTORY_FILE}`;
      const view = await tree.view(signal);
      const accepted = await reading(view, tree, signal).accepted(model);
      return [
        ...readHistoryFile(await view.read(path, signal), tree.place(path)),
        ...readHistoryFile(Buffer.from(accepted), tree.place(path)),
      ];
    },

    async append(model, event: HistoryEvent, signal) {
      const path = `${checkedModel(model)}/${HISTORY_FILE}`;
      const line = writeHistoryLine(event);
      readHistoryFile(Buffer.from(line), tree.place(path));
      await tree.change(
        model,
        async (changes) => {
          const before = Buffer.from((await changes.read(path, signal)) ?? new Uint8Array()).toString('utf8');
          // "Every call may be repeated": the event that is already last is not told twice.
          if (before.endsWith(line)) return;
          const accepted = await reading(changes, tree, signal).accepted(model);
          await changes.write(path, before + (before === '' || before.endsWith('\n') ? '' : '\n') + accepted + line);
          if (accepted !== '') await changes.removeFolder(`${model}/${ACCEPTED_FOLDER}`);
        },
        signal,
      );
    },

    probe: (signal) => tree.probe(signal),
  };
}

/** Letters and digits of any file system; nothing that a path, a shell or Windows reads as something else. */
const MODEL_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?$/;
const WINDOWS_DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

function checkedModel(model: string): string {
  if (MODEL_NAME.test(model) && !WINDOWS_DEVICES.test(model)) return model;
  throw new UserError(
    'bad-model-name',
    `${JSON.stringify(model)} is no name for a model: expected letters, digits, ".", "-" and "_", at most 100, beginning with a letter or digit.`,
    { todo: 'Choose another `name` in the pipeline file.' },
  );
}

const versionFolder = (model: string, version: number): string => `${checkedModel(model)}/versions/${version}`;

/** Files of a draft by path within the version; a folder stands for all files under it. Links and odd kinds are refused. */
async function filesOf(draft: VersionDraft): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  async function enter(path: string, local: string): Promise<void> {
    checkPathWithin(path);
    const kind = await lstat(local).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw explainFileError(error, 'read a file of the version', local);
      throw new UserError('missing-file', `${local}, wanted as ${path} of the version, does not exist.`, { cause: error });
    });
    if (kind.isDirectory()) {
      for (const name of (await readdir(local)).sort()) await enter(`${path}/${name}`, join(local, name));
    } else if (kind.isFile()) {
      files.set(path, local);
    } else {
      throw new UserError(
        'link-refused',
        `${local} is ${kind.isSymbolicLink() ? 'a symbolic link' : 'no ordinary file'}; a version holds ordinary files only.`,
        {
          todo: 'Put the file itself there.',
        },
      );
    }
  }
  for (const [path, local] of Object.entries(draft.files)) await enter(path, local);
  if (files.size === 0) throw new UserError('empty-version', 'A version without any file cannot be registered.');

  const folded = new Map<string, string>();
  for (const path of files.keys()) {
    const other = folded.get(path.toLowerCase());
    if (other !== undefined)
      throw new UserError('bad-path', `${other} and ${path} differ only in case: not every file system can hold both.`);
    folded.set(path.toLowerCase(), path);
  }
  return files;
}

/** A path that stays within the version on every system, and is not one of the registry's own files. */
function checkPathWithin(path: string): void {
  const parts = path.split('/');
  const odd = parts.some(
    (part) => part === '' || part === '.' || part === '..' || part.startsWith(PARTIAL_PREFIX) || /[\\:\0-\x1f\x7f]/.test(part),
  );
  const own = [METADATA_FILE, TAGS_FILE].includes(path.toLowerCase());
  if (!odd && !own) return;
  throw new UserError(
    'bad-path',
    `${JSON.stringify(path)} cannot be the path of a file in a version: ${own ? 'the registry writes this file itself' : 'expected names separated by "/", without "..", "\\", ":" or control characters'}.`,
  );
}

const isUnder = (path: string, prefix: string): boolean => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);

const listed = (numbers: readonly number[]): string => (numbers.length <= 12 ? numbers.join(', ') : `${numbers[0]} … ${numbers.at(-1)}`);

function aliasMoved(model: string, expected: number, found: Aliases): WorldError {
  const champion = found.versions.champion;
  return new WorldError(
    'alias-moved',
    `The aliases of ${model} were changed by somebody else meanwhile: expected generation ${expected}, found ${found.generation}${champion === undefined ? '' : ` with version ${champion} as champion`}.`,
    { todo: 'Compare with the new champion: run again.' },
  );
}

/** All files arrive beside their place, are checked, and only then move there: a wrong digest leaves nothing behind. */
async function fetchFiles(tree: Tree, version: Version, files: Version['files'], folder: string, signal: AbortSignal): Promise<void> {
  const staging = join(folder, `${PARTIAL_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(staging, { recursive: true });
    for (const file of files) {
      checkPathWithin(file.path);
      const to = join(staging, file.path);
      await mkdir(dirname(to), { recursive: true });
      const path = `${versionFolder(version.model, version.version)}/${file.path}`;
      const found = await tree.download(path, to, signal);
      if (found === undefined) {
        throw new UserError(
          'registry-corrupted',
          `${tree.place(path)} is missing, although version ${version.version} of ${version.model} lists it.`,
          {
            todo: 'Put this file back from a copy, or promote another version.',
          },
        );
      }
      if (found.sha256 !== file.sha256) {
        throw new UserError(
          'digest-mismatch',
          `${tree.place(path)} is not what was registered: expected SHA-256 ${file.sha256}, found ${found.sha256} (${found.bytes} bytes instead of ${file.bytes}).`,
          {
            todo: 'Put this file back from a copy, or promote another version; a changed model is never loaded.',
          },
        );
      }
    }
    for (const file of files) {
      const to = join(folder, file.path);
      await mkdir(dirname(to), { recursive: true });
      await rename(join(staging, file.path), to);
    }
    await syncFolder(folder);
  } catch (error) {
    throw explainFileError(error, `fetch version ${version.version} of ${version.model}`, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
