import { z } from 'zod';
import { inputMarks, wired } from '../../kernel/inputs.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { backendInputs } from '../backend-inputs.ts';
import { trainerInputs } from '../trainer-inputs.ts';

export const trainInputs = {
  task: sharedKeys.task,
  target: sharedKeys.target.optional(),
  ...trainerInputs,
  ...backendInputs,
  store: sharedKeys.store,
  google: sharedKeys.google,
  algorithms: z.array(z.string()).min(1).optional().describe('Algorithms to fit. Absent: all the trainer has for the task.'),
  params: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Parameters by algorithm, e.g. `random_forest: { n_estimators: 500 }`; with one algorithm they may stand here directly.'),
  search: z
    .strictObject({
      method: z
        .enum(['none', 'random'])
        .default('none')
        .describe('`random` draws parameters from the search space of each algorithm; `none` uses those given.'),
      trials: z.int().min(1).max(1000).default(20).describe('Draws for each algorithm.'),
      folds: z.int().min(2).max(20).default(5).describe('Folds of the cross-validation inside the training part.'),
      metric: z.string().optional().describe('Metric that is cross-validated. Absent: the primary metric of evaluate.'),
      cv: z
        .enum(['stratified', 'time-series'])
        .default('stratified')
        .describe('How folds are cut: shuffled and stratified, or in time order.'),
    })
    .prefault({})
    .describe('How parameters are searched and algorithms compared, inside the training part.'),
  select: z
    .enum(['cv', 'test'])
    .default('cv')
    .describe(
      'What chooses among algorithms: `cv`, cross-validation in the training part; `test`, the test part, and the report then says that the figure is optimistic.',
    ),
  threads: z.int().min(1).optional().describe('Threads the trainer may use. Absent: as many as the machine has cores.'),
  timeout: z.number().min(1).default(21_600).describe('Seconds one fit or prediction may take.'),
  force: wired('run.force', z.boolean().default(false).describe('Train again, although jobs of other runs did the same.')),
  again: wired(
    'fetch-data.again',
    z.boolean().default(false).describe('As `force`: the key has run before, and the run goes on all the same.'),
  ),
  primary: wired('config.evaluate.primary', z.string().optional().describe('Primary metric of evaluate. Absent: that of the task.')),
  train: wired('prepare-data.train', z.string().describe('Prepared training rows, CSV.')),
  validation: wired('prepare-data.validation', z.string().optional().describe('Prepared validation rows. Absent: there are none.')),
  test: wired('prepare-data.test', z.string().optional().describe('Prepared test rows. Absent: there are none.')),
  'test-rows': wired(
    'prepare-data.test-rows',
    z.string().optional().describe('Test rows with their target. Absent: `select: test` is impossible.'),
  ),
  oot: wired('prepare-data.oot', z.string().optional().describe('Prepared out-of-time rows. Absent: there are none.')),
  features: wired('prepare-data.features', z.string().describe('Features, classes and columns, as prepare-data wrote them.')),
  base: wired(
    'fetch-model.base',
    z.string().optional().describe('Folder of a model to start from, where the trainer can. Absent: it starts from nothing.'),
  ),
  'base-uri': wired(
    'fetch-model.base-uri',
    z.string().optional().describe('Where the model to start from was fetched, for the trackers. Absent: they are not told.'),
  ),
  champion: wired('fetch-model.champion', z.string().optional().describe('Folder of the champion. Absent: there is none.')),
  'champion-validation': wired(
    'prepare-data.champion-validation',
    z.string().optional().describe('Validation rows prepared for the champion. Absent: there are none.'),
  ),
  'champion-test': wired(
    'prepare-data.champion-test',
    z.string().optional().describe('Test rows prepared for the champion. Absent: there is no champion.'),
  ),
  'champion-oot': wired(
    'prepare-data.champion-oot',
    z.string().optional().describe('Out-of-time rows prepared for the champion. Absent: there are none.'),
  ),
  'champion-problem': wired(
    'prepare-data.champion-problem',
    z.string().optional().describe('Why the rows could not be prepared for the champion. Absent: they could.'),
  ),
};

/** What the user chose: inputs without those that a run fills, which are files but for `base-uri`. */
export const chosenInputs = (inputs: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(inputs).filter(
      ([name]) => name === 'base-uri' || inputMarks.get(trainInputs[name as keyof typeof trainInputs])?.from === undefined,
    ),
  );
