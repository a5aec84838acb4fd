import { z } from 'zod';
import { defineStage } from '../../kernel/stage.ts';
import { passed, skipped } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { registry } from '../../providers/registries/registry.ts';

export const fetchModel = defineStage({
  name: 'fetch-model',
  summary: 'Bring the champion: its model, preparation, profile and the list of rows it was trained on.',
  inputs: {
    name: sharedKeys.name,
    alias: z.string().default('champion').describe('Alias of the version to bring.'),
  },
  outputs: {
    champion: 'Folder with the files of the version.',
    metadata: 'What the registry knows of the version, as JSON.',
    version: 'Number of the version.',
  },
  needs: { registry },

  async run({ name, alias }, { registry }, { files, signal }) {
    const version = await registry.find(name, alias, signal);
    if (!version) {
      return {
        verdict: skipped('no-champion', `${name} has no ${alias} yet; the gates alone decide about the first version.`),
        found: `no ${alias} yet`,
      };
    }
    await registry.fetch(version, files.path('champion'), { signal });
    return {
      verdict: passed,
      found: `version ${version.version}, ${String(version.metadata.algorithm ?? 'algorithm unknown')}`,
      outputs: {
        champion: files.adopt('champion'),
        metadata: await files.write('champion.json', `${JSON.stringify(version, undefined, 2)}\n`),
        version: version.version,
      },
    };
  },
});
