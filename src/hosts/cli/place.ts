import { resolve } from 'node:path';
import { providers } from '../../catalog.ts';
import { UserError } from '../../kernel/errors.ts';
import { nearest } from '../../pipeline/words.ts';
import type { Registry } from '../../providers/registries/registry.ts';
import { printable } from '../legible.ts';
import { cacheOf } from '../run.ts';
import type { Arguments } from './arguments.ts';
import type { Door } from './door.ts';

/** Home folder of a verb that is given no pipeline file. */
export const homeOf = (args: Arguments, door: Door): string => resolve(door.cwd, args.value('home') ?? door.env.RETRAIN_HOME ?? '.retrain');

/** Says on standard error which runs could not be read, and why. */
export const warnUnreadable =
  (door: Door) =>
  (error: UserError): void =>
    door.err.write(`${printable(error.message)}${error.todo === undefined ? '' : ` ${error.todo}`}\n`);

/** The registry of that home, or the one `--registry` names. */
export const registryOf = (args: Arguments, door: Door): Promise<Registry> =>
  openRegistry({ registry: args.value('registry') }, homeOf(args, door), door.cwd, door);

/** Opens the registry that the keys all stages share name; without one, that of the home folder. */
export async function openRegistry(shared: Readonly<Record<string, unknown>>, home: string, base: string, door: Door): Promise<Registry> {
  const log = (line: string) => door.err.write(`${line}\n`);
  return (await providers.registry!({
    ...door,
    home,
    cache: cacheOf(home, door.env),
    base,
    model: '',
    shared,
    inputs: {},
    log,
  })) as Registry;
}

/** Refuses a model the registry does not know, with the nearest name it does. */
export async function knownModel(registry: Registry, model: string | undefined, door: Door): Promise<string> {
  const models = await registry.models(door.signal);
  if (model !== undefined && models.includes(model)) return model;
  if (model === undefined && models.length === 1) return models[0] as string;
  const guess = model === undefined ? undefined : nearest(model, models);
  const known = models.length === 0 ? `There is no model in ${registry.uri} yet.` : `Known there: ${models.join(', ')}.`;
  throw new UserError('no-such-model', model === undefined ? `Which model? ${known}` : `${registry.uri} has no model ${model}.`, {
    todo: guess ? `Did you mean ${guess}?` : model === undefined ? undefined : `${known} Another home folder is given with --home.`,
  });
}

/** A version number from the command line. */
export function versionNumber(text: string | undefined): number {
  const number = Number(text);
  if (text === undefined || !Number.isInteger(number) || number < 1)
    throw new UserError('bad-version', `Expected a version number, found ${text === undefined ? 'nothing' : `"${text}"`}.`);
  return number;
}
