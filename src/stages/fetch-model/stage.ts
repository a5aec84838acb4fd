import { z } from 'zod';
import { byUtf8, digestOfEntries } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import { type Context, defineStage, type OutputValue } from '../../kernel/stage.ts';
import { passed, skipped } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { type Models, models } from '../../providers/models/models.ts';
import { registry, type Version } from '../../providers/registries/registry.ts';
import { unservedStore } from '../store-uri.ts';

const inputs = {
  name: sharedKeys.name,
  alias: z.string().default('champion').describe('Alias of the version to bring.'),
  base: z
    .enum(['champion', 'latest', 'original'])
    .default('champion')
    .describe(
      'What training starts from, where the trainer can start from a model: the champion (`initial` while there is none), the newest model below `prefix`, or always `initial`.',
    ),
  initial: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Model made elsewhere: `hf://OWNER/NAME[@REVISION]`, `gs://BUCKET/FOLDER`, or a folder. Absent: the first training starts from nothing.',
    ),
  prefix: z
    .string()
    .min(1)
    .optional()
    .describe('Where `base: latest` looks for the newest model: `gs://BUCKET/FOLDER` or a folder. Absent: `base` is not `latest`.'),
};

export const fetchModel = defineStage({
  name: 'fetch-model',
  summary:
    'Bring the champion (its model, preparation, profile and the list of rows it was trained on) and the model that training starts from.',
  inputs,
  outputs: {
    champion: 'Folder with the files of the version.',
    metadata: 'What the registry knows of the version, as JSON.',
    version: 'Number of the version.',
    base: 'Folder with the model that training may start from.',
    'base-uri': 'Where that model came from.',
    'base-digest': 'Digest of its files; part of the key unless `base` is `champion`.',
    'base-generation': 'Generation of its files in their store, commit of its repository, or number of the version.',
  },
  needs: { registry, models },
  check: ({ base, initial, prefix }) => [
    ...unservedStore('initial', initial),
    ...unservedStore('prefix', prefix),
    ...(base === 'original' && initial === undefined
      ? [{ path: 'initial', message: 'expected a model, because of base: original; found nothing.' }]
      : []),
    ...(base === 'latest' && prefix === undefined
      ? [{ path: 'prefix', message: 'expected where models lie, because of base: latest; found nothing.' }]
      : []),
  ],

  async run(inputs, { registry, models }, context) {
    const { name, alias } = inputs;
    const { files, signal } = context;
    const version = await registry.find(name, alias, signal);
    const found = [];
    const outputs: Record<string, OutputValue> = {};
    if (version) {
      await registry.fetch(version, files.path('champion'), { signal });
      outputs.champion = files.adopt('champion');
      outputs.metadata = await files.write('champion.json', `${JSON.stringify(version, undefined, 2)}\n`);
      outputs.version = version.version;
      found.push(`version ${version.version}, ${String(version.metadata.algorithm ?? 'algorithm unknown')}`);
    } else found.push(`no ${alias} yet`);

    if (inputs.base === 'champion' && version) Object.assign(outputs, baseOfChampion(version, files));
    else {
      const uri = await uriOfBase(inputs, models, signal);
      if (uri !== undefined) {
        Object.assign(outputs, await fetchBase(uri, models, context));
        found.push(`training may start from ${uri}`);
      }
    }
    if (outputs.champion === undefined && outputs.base === undefined) {
      return {
        verdict: skipped('no-champion', `${name} has no ${alias} yet; the gates alone decide about the first version.`),
        found: found.join('; '),
      };
    }
    return { verdict: passed, found: found.join('; '), outputs };
  },
});

type Inputs = z.output<z.ZodObject<typeof inputs>>;

/** The champion's own model, where it lies; a version without one is no base. */
function baseOfChampion({ model, version, files }: Version, place: Context['files']): Record<string, OutputValue> {
  const own = files.filter(({ path }) => path.startsWith('model/')).map((file) => ({ ...file, path: file.path.slice('model/'.length) }));
  if (own.length === 0) return {};
  return {
    base: place.adopt('champion/model'),
    'base-uri': `registry:${model}/${version}`,
    'base-digest': digestOfEntries(own.sort((a, b) => byUtf8(a.path, b.path))),
    'base-generation': String(version),
  };
}

/** Which model made elsewhere training starts from; none when nothing is said of it. */
async function uriOfBase({ base, initial, prefix }: Inputs, models: Models, signal: AbortSignal): Promise<string | undefined> {
  if (base !== 'latest' || prefix === undefined) return initial;
  const newest = (await models.newest(prefix, signal)) ?? initial;
  if (newest !== undefined) return newest;
  throw new UserError('no-such-model', `No model lies below ${prefix}, and fetch-model.initial names none to begin with.`, {
    todo: 'Put a model there, or set fetch-model.initial.',
  });
}

async function fetchBase(uri: string, models: Models, { files, signal, log }: Context): Promise<Record<string, OutputValue>> {
  log.info(`bringing the model that training starts from: ${uri}`);
  const fetched = await models.fetch(uri, files.path('base'), signal);
  // A folder of this machine is not there on another.
  const stored = fetched.uri.startsWith('file:') ? undefined : { uri: fetched.uri, files: [...fetched.files] };
  return {
    base: files.adopt('base', stored),
    'base-uri': fetched.uri,
    'base-digest': fetched.sha256,
    'base-generation': fetched.generation,
  };
}
