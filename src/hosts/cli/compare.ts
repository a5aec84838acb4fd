import { UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import type { Version } from '../../providers/registries/registry.ts';
import { HOME_OPTION, JSON_OPTION, type Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { knownModel, registryOf, versionNumber } from './place.ts';
import { textTable } from './text-table.ts';

export const compare: Verb = {
  name: 'compare',
  summary: 'Put two versions side by side: what they are made from and how each was measured.',
  usage: 'MODEL VERSION VERSION',
  arguments: 3,
  options: [HOME_OPTION, { name: 'registry', value: 'URI', text: 'Another registry than that of the home folder.' }, JSON_OPTION],
  async run(args, door) {
    const store = await registryOf(args, door);
    const model = await knownModel(store, args.positional[0], door);
    if (args.positional.length < 3)
      throw new UserError('two-versions', 'retrain compare needs a model and two versions: retrain compare MODEL 1 2.');
    const [left, right] = await Promise.all(
      [args.positional[1], args.positional[2]].map((text) => store.version(model, versionNumber(text), door.signal)),
    );
    if (!left || !right) throw new RangeError('Two versions were read.');
    const rows = [...facts(left, right), ...parameters(left, right), ...measures(left, right)];
    if (args.flag('json')) door.out.write(jsonText(Object.fromEntries(rows.map(([name, a, b]) => [name, [a, b]]))));
    else {
      door.out.write(textTable([model, `version ${left.version}`, `version ${right.version}`], rows));
      door.out.write('Each version was measured on the rows of its own run; only a run compares two models on the same rows.\n');
    }
    return EXIT.fine;
  },
};

type Row = [string, string | number | undefined, string | number | undefined];

function facts(left: Version, right: Version): Row[] {
  const of = (name: string, cut?: number): Row => {
    const [a, b] = [left, right].map(({ metadata }) => written(metadata[name])?.slice(0, cut));
    return [name, a, b];
  };
  return [
    of('training_date', 19),
    of('algorithm'),
    of('training_samples'),
    of('feature_count'),
    of('data', 12),
    of('configuration', 12),
    of('run'),
  ];
}

/** Only those that differ: among thirty that are equal nobody would find them. */
function parameters(left: Version, right: Version): Row[] {
  const [before, after] = [left, right].map(({ metadata }) => Object.entries(metadata.parameters ?? {}));
  const [a, b] = [new Map<string, unknown>(before), new Map<string, unknown>(after)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((name): Row => [`parameters.${name}`, written(a.get(name)), written(b.get(name))])
    .filter(([, one, other]) => one !== other);
}

const written = (value: unknown): string | undefined =>
  value === undefined ? undefined : String(typeof value === 'object' ? JSON.stringify(value) : value);

function measures(left: Version, right: Version): Row[] {
  const parts = [left, right].map(({ metadata }) => metadata.performance as Record<string, Record<string, unknown>> | undefined);
  const names = new Set(
    parts.flatMap((part) => Object.entries(part ?? {}).flatMap(([split, values]) => Object.keys(values).map((name) => `${split} ${name}`))),
  );
  return [...names].map((name) => {
    const [split = '', metric = ''] = name.split(' ');
    const [a, b] = parts.map((part) => part?.[split]?.[metric]);
    return [name, figure(a), figure(b)];
  });
}

/** Metadata of a version are its writer's: what is no number is no figure. */
const figure = (value: unknown): string | undefined => (typeof value === 'number' ? value.toFixed(4) : undefined);
