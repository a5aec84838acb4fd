import { UserError, WorldError } from '../../kernel/errors.ts';
import type { Aliases, HistoryEvent, ModelState, Registry, Version } from './registry.ts';
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
import { checkedModel, checkPathWithin, MODEL_NAME, versionFolder } from './registry-paths.ts';
import type { Tree, TreeView } from './tree.ts';
import { fetchFiles, filesOf } from './version-files.ts';

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
