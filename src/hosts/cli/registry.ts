import { UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import type { Registry } from '../../providers/registries/registry.ts';
import type { Arguments } from './arguments.ts';
import { type Door, HOME_OPTION, JSON_OPTION, type Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { knownModel, registryOf, versionNumber } from './place.ts';
import { textTable } from './text-table.ts';

const ACTIONS = ['list', 'show', 'promote', 'rollback', 'remove'] as const;

export const registry: Verb = {
  name: 'registry',
  summary: 'List versions, show one, move the champion by hand, roll back, remove.',
  usage: 'list [MODEL] | show MODEL [VERSION] | promote MODEL VERSION | rollback MODEL | remove MODEL VERSION',
  arguments: 3,
  options: [HOME_OPTION, { name: 'registry', value: 'URI', text: 'Another registry than that of the home folder.' }, JSON_OPTION],
  async run(args, door) {
    const [action = 'list', model, version] = args.positional;
    const store = await registryOf(args, door);
    switch (action) {
      case 'list':
        return list(store, model, args, door);
      case 'show':
        return show(store, await knownModel(store, model, door), version, door);
      case 'promote':
        return move(store, await knownModel(store, model, door), versionNumber(version), 'promoted', door);
      case 'rollback':
        return rollback(store, await knownModel(store, model, door), door);
      case 'remove': {
        const name = await knownModel(store, model, door);
        await store.remove(name, versionNumber(version), door.signal);
        await store.append(
          name,
          {
            at: door.clock().toISOString(),
            event: 'removed',
            version: versionNumber(version),
            text: `Version ${version} was removed by hand.`,
          },
          door.signal,
        );
        door.out.write(`Removed version ${version} of ${name}.\n`);
        return EXIT.fine;
      }
      default:
        throw new UserError('unknown-action', `retrain registry: expected one of ${ACTIONS.join(', ')}, found "${action}".`);
    }
  },
};

async function list(store: Registry, only: string | undefined, args: Arguments, door: Door): Promise<number> {
  const models = only === undefined ? await store.models(door.signal) : [await knownModel(store, only, door)];
  const found = [];
  for (const model of models) {
    const { versions: aliases } = await store.aliases(model, door.signal);
    for (const { version, created, metadata, digest } of await store.versions(model, door.signal)) {
      const names = Object.entries(aliases).flatMap(([alias, number]) => (number === version ? [alias] : []));
      found.push({ model, version, aliases: names, algorithm: metadata.algorithm, created, digest });
    }
  }
  if (args.flag('json')) door.out.write(jsonText(found));
  else if (found.length === 0) door.out.write(`No version is registered in ${store.uri} yet. Another home folder is given with --home.\n`);
  else {
    const rows = found.map((one) => [
      one.model,
      one.version,
      one.aliases.join(', '),
      String(one.algorithm ?? ''),
      one.created.slice(0, 16).replace('T', ' '),
      one.digest.slice(0, 12),
    ]);
    door.out.write(textTable(['model', 'version', 'aliases', 'algorithm', 'registered (UTC)', 'digest'], rows));
  }
  return EXIT.fine;
}

async function show(store: Registry, model: string, version: string | undefined, door: Door): Promise<number> {
  const found =
    version === undefined
      ? await store.find(model, 'champion', door.signal)
      : await store.version(model, versionNumber(version), door.signal);
  if (!found)
    throw new UserError('no-champion', `${model} has no champion.`, { todo: `retrain registry list ${model} shows its versions.` });
  door.out.write(jsonText(found));
  return EXIT.fine;
}

async function move(store: Registry, model: string, version: number, event: 'promoted' | 'rolled-back', door: Door): Promise<number> {
  await store.version(model, version, door.signal);
  const { generation, versions } = await store.aliases(model, door.signal);
  if (versions.champion === version) {
    door.out.write(`Version ${version} of ${model} is champion already.\n`);
    return EXIT.fine;
  }
  const staging = versions.staging === version ? { staging: undefined } : {};
  await store.move(
    model,
    { champion: version, ...(versions.champion !== undefined && { previous: versions.champion }), ...staging },
    generation,
    door.signal,
  );
  const text = `Version ${version} took over from ${versions.champion === undefined ? 'no champion' : `version ${versions.champion}`}, by hand.`;
  await store.append(model, { at: door.clock().toISOString(), event, version, text }, door.signal);
  door.out.write(`${text}\n`);
  return EXIT.fine;
}

async function rollback(store: Registry, model: string, door: Door): Promise<number> {
  const { versions } = await store.aliases(model, door.signal);
  if (versions.previous === undefined) {
    throw new UserError('no-previous', `${model} has no previous champion to go back to.`, {
      todo: `retrain registry promote ${model} VERSION names any version.`,
    });
  }
  return move(store, model, versions.previous, 'rolled-back', door);
}
