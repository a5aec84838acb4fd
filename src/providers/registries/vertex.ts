import { setTimeout as delay } from 'node:timers/promises';
import type { VertexClients } from '../google/vertex-clients.ts';
import { vertexStatus } from '../google/vertex-errors.ts';
import type { Aliases, Registry, Version } from './registry.ts';
import type { StoreTree } from './store-tree.ts';
import { treeRegistry } from './tree-registry.ts';
import { checkVertexAlias, vertexDescription, vertexLabels, vertexModelId } from './vertex-entry.ts';

export interface VertexRegistryOptions {
  readonly clients: VertexClients;
  /** Where files, aliases, state and history lie: the truth that Vertex AI is made to show. */
  readonly tree: StoreTree;
  readonly log?: (line: string) => void;
  /** Rest between looks for a version whose upload was not answered. */
  readonly pauseMs?: number;
}

/** A version as Vertex AI lists it. */
interface Entry {
  readonly id: string;
  readonly artifactUri: string;
  readonly aliases: readonly string[];
}

/** Aliases Retrain sets and takes away; others on Vertex AI are other people's. */
const OWN_ALIASES = ['champion', 'previous', 'staging'];
const LOOKS_MAX = 10;
const PAUSE_MS = 3_000;

/**
 * Vertex AI's Model Registry over a registry in a bucket. The bucket decides: numbers, files, state, and the generation of the aliases, which Vertex AI
 * cannot compare and swap. Each version is uploaded there once, known again by the folder of its files; aliases follow, and are repaired when they are read.
 */
export function vertexRegistry({ clients, tree, log, pauseMs = PAUSE_MS }: VertexRegistryOptions): Registry {
  const registry = treeRegistry(tree);
  const nameOf = (model: string): string => `${clients.parent}/models/${vertexModelId(model)}`;

  async function entriesOf(model: string, signal: AbortSignal): Promise<readonly Entry[]> {
    const client = await clients.models();
    const found: Entry[] = [];
    try {
      const listed = clients.list(
        `list the versions of ${nameOf(model)}`,
        (pageToken, options) => client.listModelVersions({ name: nameOf(model), pageToken }, options),
        signal,
      );
      for await (const { versionId, artifactUri, versionAliases } of listed)
        found.push({ id: versionId ?? '', artifactUri: plain(artifactUri ?? ''), aliases: versionAliases ?? [] });
    } catch (error) {
      if (vertexStatus(error) !== 'NOT_FOUND') throw error;
    }
    return found.sort((a, b) => Number(a.id) - Number(b.id));
  }

  /** Folder of a version's model: what tells its entry from all others. */
  async function artifactsOf({ model, version, files }: Version, signal: AbortSignal): Promise<string> {
    const folder = (await tree.filesOf(model, [version], signal)).get(version);
    if (folder === undefined) throw new RangeError(`version ${version} of ${model} has no files`);
    return files.some(({ path }) => path.startsWith('model/')) ? `${folder}/model` : folder;
  }

  /** The entry of a version; uploads it when there is none. Of two who upload at once the younger entry is withdrawn. */
  async function uploaded(version: Version, signal: AbortSignal): Promise<Entry> {
    const artifactUri = await artifactsOf(version, signal);
    const mine = (entries: readonly Entry[]) => entries.filter((entry) => entry.artifactUri === artifactUri);
    const entries = await entriesOf(version.model, signal);
    const [known] = mine(entries);
    if (known) return known;
    try {
      await upload(version, artifactUri, entries.length > 0, signal);
    } catch (error) {
      if (!['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL', 'UNKNOWN', 'ALREADY_EXISTS'].includes(vertexStatus(error) ?? '')) throw error;
      return await sought(version, mine, error, signal);
    }
    const [oldest, ...younger] = mine(await entriesOf(version.model, signal));
    if (!oldest) throw new RangeError(`${nameOf(version.model)} does not show the version just uploaded`);
    for (const entry of younger) await withdraw(version.model, entry, signal);
    return oldest;
  }

  async function upload(version: Version, artifactUri: string, exists: boolean, signal: AbortSignal): Promise<void> {
    const client = await clients.models();
    const doing = `upload version ${version.version} of ${version.model} to Vertex AI`;
    const request = {
      parent: clients.parent,
      ...(exists ? { parentModel: nameOf(version.model) } : { modelId: vertexModelId(version.model) }),
      model: {
        displayName: version.model,
        artifactUri,
        labels: vertexLabels(version),
        versionDescription: vertexDescription(version),
        // No `default` among them: to register is not to promote.
        versionAliases: [],
      },
    };
    const begun = await clients.write(doing, (options) => client.uploadModel(request, options), signal);
    await clients.finished(doing, client, 'uploadModel', begun, signal);
  }

  /** An upload that was not answered may have been begun: it is looked for, never sent again. */
  async function sought(
    version: Version,
    mine: (entries: readonly Entry[]) => readonly Entry[],
    error: unknown,
    signal: AbortSignal,
  ): Promise<Entry> {
    for (let look = 1; look <= LOOKS_MAX; look++) {
      await delay(pauseMs, undefined, { signal });
      const entries = await entriesOf(version.model, signal);
      const [found] = mine(entries);
      if (found) return found;
      // Somebody else made the model at the same moment; as his next version ours has not been sent yet.
      if (vertexStatus(error) === 'ALREADY_EXISTS' && entries.length > 0) return uploaded(version, signal);
    }
    throw error;
  }

  async function withdraw(model: string, { id, aliases }: Entry, signal: AbortSignal): Promise<void> {
    const client = await clients.models();
    const name = `${nameOf(model)}@${id}`;
    const doing = `remove ${name} from Vertex AI`;
    const others = (await entriesOf(model, signal)).filter((entry) => entry.id !== id);
    if (others.length === 0) {
      const begun = await clients.write(doing, (options) => client.deleteModel({ name: nameOf(model) }, options), signal);
      return clients.finished(doing, client, 'deleteModel', begun, signal);
    }
    if (aliases.includes('default')) await merge(model, (others.at(-1) as Entry).id, ['default'], signal);
    try {
      const begun = await clients.write(doing, (options) => client.deleteModelVersion({ name }, options), signal);
      await clients.finished(doing, client, 'deleteModelVersion', begun, signal);
    } catch (error) {
      // Of two who uploaded it twice both withdraw it.
      if (vertexStatus(error) !== 'NOT_FOUND') throw error;
    }
  }

  /** Merging the same aliases again changes nothing, so it may be tried again. */
  async function merge(model: string, id: string, versionAliases: string[], signal: AbortSignal): Promise<void> {
    const client = await clients.models();
    const name = `${nameOf(model)}@${id}`;
    await clients.read(`set aliases of ${name}`, (options) => client.mergeVersionAliases({ name, versionAliases }, options), signal);
  }

  /** Makes the aliases on Vertex AI those of the bucket, `default` going with the champion; whether there was anything to do. */
  async function follow(model: string, aliases: Aliases, dropped: readonly string[], signal: AbortSignal): Promise<boolean> {
    if (aliases.generation === 0) return false;
    const named = Object.entries(aliases.versions).filter((each): each is [string, number] => each[1] !== undefined);
    const folders = await tree.filesOf(model, [...new Set(named.map(([, number]) => number))], signal);
    let entries = await entriesOf(model, signal);
    const wanted = new Map<string, string>();
    for (const [alias, number] of named) {
      const folder = folders.get(number);
      let entry = entries.find(({ artifactUri }) => artifactUri === folder || artifactUri === `${folder}/model`);
      if (!entry) {
        entry = await uploaded(await registry.version(model, number, signal), signal);
        entries = await entriesOf(model, signal);
      }
      wanted.set(alias, entry.id);
      if (alias === 'champion') wanted.set('default', entry.id);
    }
    let changed = false;
    for (const { id, aliases: has } of entries) {
      const missing = [...wanted].flatMap(([alias, at]) => (at === id && !has.includes(alias) ? [alias] : []));
      if (missing.length > 0) await merge(model, id, missing, signal);
      changed ||= missing.length > 0;
    }
    if (changed) entries = await entriesOf(model, signal);
    const own = new Set([...OWN_ALIASES, ...dropped, ...wanted.keys()]);
    own.delete('default');
    for (const { id, aliases: has } of entries) {
      const strays = has.filter((alias) => own.has(alias) && wanted.get(alias) !== id);
      if (strays.length === 0) continue;
      await merge(
        model,
        id,
        strays.map((alias) => `-${alias}`),
        signal,
      );
      changed = true;
    }
    return changed;
  }

  /** What Vertex AI shows may wait: the bucket has decided, and whoever reads the aliases next repairs it. */
  async function followed(model: string, aliases: Aliases, dropped: readonly string[], signal: AbortSignal): Promise<Aliases> {
    try {
      for (let shown = aliases; await follow(model, shown, dropped, signal); ) {
        // Somebody may have moved them on meanwhile, and shown that before us.
        const now = await registry.aliases(model, signal);
        if (now.generation === shown.generation) break;
        shown = now;
      }
    } catch (error) {
      if (signal.aborted) throw error;
      log?.(`Vertex AI does not show the aliases of ${model} yet: ${error instanceof Error ? error.message : String(error)}`);
    }
    return aliases;
  }

  return {
    ...registry,
    uri: `vertex:${tree.uri}`,

    aliases: async (model, signal) => followed(model, await registry.aliases(model, signal), [], signal),

    async add(model, draft, signal) {
      const version = await registry.add(model, draft, signal);
      await uploaded(version, signal);
      return version;
    },

    async move(model, changes, generation, signal) {
      for (const alias of Object.keys(changes)) checkVertexAlias(alias);
      return followed(model, await registry.move(model, changes, generation, signal), Object.keys(changes), signal);
    },

    async remove(model, number, signal) {
      const version = await registry.version(model, number, signal);
      const artifactUri = await artifactsOf(version, signal);
      await registry.remove(model, number, signal);
      for (const entry of await entriesOf(model, signal)) if (entry.artifactUri === artifactUri) await withdraw(model, entry, signal);
    },

    async entry(version, signal) {
      const { id, aliases } = await uploaded(version, signal);
      const { champion } = (await registry.aliases(version.model, signal)).versions;
      const name = `${nameOf(version.model)}@${id}`;
      if (!aliases.includes('default') || champion === version.version) return { name };
      return {
        name,
        remark: `Vertex AI calls ${name} its \`default\`, because it is the first version of the model; it is not promoted by that.`,
      };
    },

    async probe(signal) {
      await registry.probe(signal);
      const client = await clients.models();
      await clients.read(
        'list the models of Vertex AI',
        (options) => client.listModels({ parent: clients.parent, pageSize: 1 }, options),
        signal,
      );
    },
  };
}

const plain = (uri: string): string => uri.replace(/\/+$/, '');
