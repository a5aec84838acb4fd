import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';
import { defineStage } from '../../kernel/stage.ts';
import { passed } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { backend } from '../../providers/backends/backend.ts';
import { registry, type Version } from '../../providers/registries/registry.ts';
import { data } from '../../providers/sources/source.ts';
import { applyPreparation } from '../../tables/preparation/apply.ts';
import { readPreparation } from '../../tables/preparation/preparation.ts';
import { writeCsv } from '../../tables/write-csv.ts';
import { type ReadInputs, readInputs, readOptionsOf } from '../read-inputs.ts';
import { keyedBy, ROW_KEY } from '../row-key.ts';
import { predictWith } from '../run-job.ts';
import { predictJobOf, readVersionTrainer } from '../version-trainer.ts';

/** Not part of a run: what the verb `predict` does. */
export const predict = defineStage({
  name: 'predict',
  summary: 'Score rows with a registered version, in its own preparation and environment.',
  inputs: {
    name: sharedKeys.name,
    data: z.string().min(1).describe('Rows to score: path, folder, pattern or store URI.'),
    read: readInputs.unwrap().optional().describe('How the files are read. Absent: as the data the version was made from.'),
    version: z.int().min(1).optional().describe('Version to use. Absent: the one `alias` names.'),
    alias: z.string().default('champion').describe('Alias of the version to use.'),
    device: z.enum(['cpu', 'gpu']).default('cpu').describe('What the trainer computes on.'),
    timeout: z.number().min(1).default(3_600).describe('Seconds the prediction may take.'),
  },
  outputs: {
    predictions: 'Key, predicted, and p:<class> for each class.',
    version: 'Version that predicted.',
  },
  needs: { registry, data, backend },

  async run(inputs, { registry, data, backend }, { files, signal, log }) {
    const version =
      inputs.version === undefined
        ? await registry.find(inputs.name, inputs.alias, signal)
        : await registry.version(inputs.name, inputs.version, signal);
    if (!version)
      throw new UserError('no-champion', `${inputs.name} has no ${inputs.alias} yet.`, {
        todo: 'Run its pipeline first, or name a version.',
      });
    const folder = files.path('version');
    await registry.fetch(version, folder, { signal });
    const trainer = await readVersionTrainer(folder);
    const preparation = readPreparation(await readFile(join(folder, 'preparation.json'), 'utf8'), 'preparation.json');

    const raw = await data.open(inputs.data, readOptionsOf(inputs.read ?? readingOf(version)), signal);
    const table = trainer.key === ROW_KEY ? keyedBy(raw) : raw;
    if (!table.schema.some(({ name }) => name === trainer.key)) {
      throw new UserError('missing-column', `${inputs.data} has no column "${trainer.key}", the key of the model's rows.`, {
        todo: 'Add it: predictions are joined by it.',
      });
    }
    const prepared = applyPreparation(preparation, table);
    const names = prepared.schema.map(({ name }) => name).filter((name) => name !== trainer.target.column);
    const part = await files.write('rows.csv', writeCsv(prepared, { columns: names, signal }));
    for (const { feature, rows, examples } of prepared.counts().unseen) {
      log.warn(
        'unseen-category',
        `${feature}: ${rows} rows have a value the model has never seen, e.g. ${examples.slice(0, 3).join(', ')}.`,
      );
    }
    const predictions = await predictWith({ backend, files, signal, log, timeoutSeconds: inputs.timeout }, 'job', {
      part: files.path(part.file),
      model: join(folder, 'model'),
      job: predictJobOf(trainer, { device: inputs.device, threads: availableParallelism(), seconds: inputs.timeout }),
      source: trainer.source,
      python: trainer.python,
      environmentLock: trainer.environmentLock,
      imageLock: trainer.imageLock,
    });
    return {
      verdict: passed,
      found: `${prepared.counts().rows} rows scored by version ${version.version}`,
      outputs: { predictions, version: version.version },
    };
  },
});

/** How the data of a version was read, whatever the form of the files was; new rows may come in another one. */
function readingOf({ metadata }: Version): ReadInputs {
  const kept = readInputs.safeParse(metadata.read);
  const { format: _form, delimiter: _sign, ...rest } = kept.success ? kept.data : readInputs.parse(undefined);
  return rest;
}
