import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import { defineStage, type FileOutput } from '../../kernel/stage.ts';
import { failed, passed } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { data } from '../../providers/sources/source.ts';
import { applyPreparation } from '../../tables/preparation/apply.ts';
import { fitPreparation } from '../../tables/preparation/fit.ts';
import { describeFeatures, type Preparation, readPreparation, writePreparation } from '../../tables/preparation/preparation.ts';
import { preparationShape } from '../../tables/preparation/preparation-schema.ts';
import { profileToJson } from '../../tables/profile/profile-json.ts';
import { profile } from '../../tables/profile/profiler.ts';
import { partTable, splitTable } from '../../tables/split.ts';
import { decodeMembers, trainedMembers } from '../../tables/split-members.ts';
import type { Part } from '../../tables/split-parts.ts';
import { splitSchema } from '../../tables/split-schema.ts';
import type { Table } from '../../tables/table.ts';
import { writeCsv } from '../../tables/write-csv.ts';
import { readInputs, readOptionsOf } from '../read-inputs.ts';
import { keyedBy, ROW_KEY } from '../row-key.ts';
import { watched } from '../watched.ts';
import { checkLeakage, leakageInputs } from './check-leakage.ts';
import { keysTrainedOn } from './keys-trained-on.ts';
import { targetClasses } from './target-classes.ts';
import { textDefaults } from './text-defaults.ts';

/** Parts that judge, in the order a report shows them. */
const JUDGING: readonly Part[] = ['validation', 'test', 'oot'];

export const prepareData = defineStage({
  name: 'prepare-data',
  summary: 'Split the rows, learn from the training part how columns become features, and write the parts a trainer reads.',
  inputs: {
    task: sharedKeys.task,
    target: sharedKeys.target,
    key: sharedKeys.key.optional(),
    data: wired('fetch-data.data', z.string().describe('The data: path, pattern, or what fetch-data left.'), { overridable: true }),
    read: wired('config.fetch-data.read', readInputs),
    split: splitSchema,
    ...preparationShape,
    passthrough: z
      .array(z.string())
      .optional()
      .describe(
        'Columns handed on untouched, e.g. the text of a text task; `"*"` for all. Absent: for text-to-SQL all but key, target, `drop` and the label of complexity, else none.',
      ),
    leakage: leakageInputs,
    champion: wired(
      'fetch-model.champion',
      z.string().optional().describe('Folder of the champion, to prepare the same rows for it. Absent: there is none.'),
    ),
  },
  outputs: {
    train: 'Rows to learn from: key, features, target.',
    validation: 'Rows to tune thresholds on.',
    test: 'Rows to judge on, without the target.',
    oot: 'Out-of-time rows, without the target.',
    'validation-rows': 'The same rows as they came, with the target.',
    'test-rows': 'The same rows as they came, with the target and all columns.',
    'oot-rows': 'The same rows as they came.',
    'champion-validation': 'The same rows, prepared as the champion wants them.',
    'champion-test': 'The same rows, prepared as the champion wants them.',
    'champion-oot': 'The same rows, prepared as the champion wants them.',
    'left-out': 'Keys of judging rows that the champion was trained on.',
    'champion-problem': 'Why the champion cannot be given these rows; absent when it can.',
    preparation: 'What was learned about the columns, as JSON.',
    features: 'Features, classes and columns the trainer must know, as JSON.',
    profile: 'Profile of the training rows.',
    members: 'Which rows were trained on.',
    'train-rows': 'Number of training rows.',
    'judging-rows': 'Number of test rows.',
  },
  needs: { data },

  async run(inputs, { data }, { files, signal, log }) {
    const { target } = inputs;
    let [share, work] = [0, 'splitting'];
    const begin = (next: number, what: string): void => {
      [share, work] = [next, what];
      log.progress(share, work);
    };
    const opened = await data.open(inputs.data, readOptionsOf(inputs.read), signal);
    const raw = watched(opened, (rows) => log.progress(share, `${work}: ${rows} rows read`));
    const table = inputs.key === undefined ? keyedBy(raw) : raw;
    const key = inputs.key ?? ROW_KEY;
    const { passthrough, drop, texts } = textDefaults(table.schema, key, inputs);

    const split = await splitTable(table, inputs.split, { key, target: target.column, signal });
    for (const warning of split.warnings) log.warn('split', warning);
    const train = partTable(table, split, 'train');
    const judging = JUDGING.filter((part) => split.parts.includes(part));

    begin(0.15, 'learning the preparation');
    const classes = await targetClasses(table, split, inputs, signal);
    const preparation = await fitPreparation(train, { ...inputs, passthrough, drop }, { key, target: target.column, signal });
    for (const warning of preparation.warnings) log.warn('preparation', warning);
    begin(0.35, 'looking for leakage');
    const leakage = await checkLeakage(table, split, { ...inputs, texts }, key, signal);
    for (const { text } of leakage.findings) log.warn('leakage', text);

    begin(0.55, 'writing the training rows');
    const outputs: Record<string, FileOutput | number | string> = {
      preparation: await files.write('preparation.json', writePreparation(preparation)),
      features: await files.write(
        'features.json',
        `${JSON.stringify({ key, target: { column: target.column, ...classes }, features: describeFeatures(preparation), rows: rowsOf(split, 'train') }, undefined, 2)}\n`,
      ),
      profile: await files.write('profile.json', profileToJson(await profile(train, { signal }))),
      members: await files.write('split', trainedMembers(split).encode()),
      train: await files.write('train.csv', writeCsv(applyPreparation(preparation, train), { signal })),
      'train-rows': rowsOf(split, 'train'),
      'judging-rows': rowsOf(split, 'test'),
    };
    for (const [i, part] of judging.entries()) {
      begin(0.75 + (0.15 * i) / judging.length, `writing the ${part} rows`);
      const rows = partTable(table, split, part);
      outputs[`${part}-rows`] = await files.write(`rows/${part}.csv`, writeCsv(rows, { signal }));
      outputs[part] = await files.write(
        `${part}.csv`,
        writeCsv(withoutTarget(applyPreparation(preparation, rows), target.column), { signal }),
      );
    }
    if (inputs.champion !== undefined) {
      begin(0.9, 'preparing the rows for the champion');
      Object.assign(
        outputs,
        await prepareForChampion(
          inputs.champion,
          judging.map((part) => [part, partTable(table, split, part)] as const),
          target.column,
          key,
        ),
      );
    }
    const counts = split.counts.map(({ part, rows }) => `${part} ${rows}`).join(', ');
    const leaked = inputs.leakage['on-leakage'] === 'fail' ? leakage.findings[0] : undefined;
    return {
      verdict: leaked ? failed('leakage', leaked.text) : passed,
      found: [counts, ...featuresText(preparation)].join('; '),
      outputs,
      tables: leakage.tables,
    };

    async function prepareForChampion(folder: string, parts: readonly (readonly [Part, Table])[], targetColumn: string, keyColumn: string) {
      const made: Record<string, FileOutput | string> = {};
      const trainedOn: string[] = [];
      try {
        const theirs = readPreparation(await readFile(join(folder, 'preparation.json'), 'utf8'), 'preparation.json of the champion');
        const members = decodeMembers(await readFile(join(folder, 'split')), 'split of the champion');
        for (const [part, rows] of parts) {
          made[`champion-${part}`] = await files.write(
            `champion/${part}.csv`,
            writeCsv(withoutTarget(applyPreparation(theirs, rows), targetColumn), { signal }),
          );
          trainedOn.push(...(await keysTrainedOn(rows, members, keyColumn, signal)));
        }
      } catch (error) {
        if (signal.aborted || !(error instanceof Error) || !('fault' in error || 'code' in error)) throw error;
        log.warn('champion-unusable', `The champion cannot be given these rows: ${error.message}`);
        return { 'champion-problem': error.message };
      }
      made['left-out'] = await files.write('champion/left-out.json', `${JSON.stringify(trainedOn)}\n`);
      return made;
    }
  },
});

const rowsOf = (split: { readonly counts: readonly { readonly part: Part; readonly rows: number }[] }, part: Part): number =>
  split.counts.find((count) => count.part === part)?.rows ?? 0;

/** Judging parts go to the trainer without the answer. */
function withoutTarget(table: Table, target: string): Table {
  const names = table.schema.map(({ name }) => name).filter((name) => name !== target);
  return {
    name: table.name,
    schema: table.schema.filter(({ name }) => name !== target),
    batches: (options) => table.batches({ ...options, columns: options?.columns ?? names }),
  };
}

/** Nothing where texts are handed on as they are. */
const featuresText = (preparation: Preparation): string[] =>
  preparation.features.length === 0
    ? []
    : [`${preparation.features.length} columns become ${describeFeatures(preparation).length} features`];
