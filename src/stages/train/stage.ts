import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import { defineStage, type FileOutput } from '../../kernel/stage.ts';
import { beginAll } from '../../kernel/submitted.ts';
import { passed } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { backend } from '../../providers/backends/backend.ts';
import { backendInputs, backendProblems } from '../backend-inputs.ts';
import { unknownMetrics } from '../metric-names.ts';
import { trainerInputs, trainerSource } from '../trainer-inputs.ts';
import { predictWithChampion } from './champion.ts';
import { chooseAlgorithms, parametersOf } from './choose-algorithms.ts';
import { chooseWinner } from './choose-winner.ts';
import { algorithmTable, crossValidation, historyCurve, importanceCurve, trainerFile } from './describe-training.ts';
import type { Features } from './features.ts';
import { type Fitted, fitAlgorithm, predictPart } from './jobs.ts';

const JUDGING = ['validation', 'test', 'oot'] as const;

export const train = defineStage({
  name: 'train',
  summary: 'Fit every algorithm on the training part, choose one there, and let it and the champion predict the judging rows.',
  inputs: {
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
  },
  outputs: {
    model: 'Folder of the chosen model.',
    algorithm: 'The chosen algorithm.',
    trainer: 'What the trainer was given and chose, as JSON: enough to predict with the model.',
    importances: 'Importances of the features, as JSON.',
    environment: 'Lock of the environment it was trained in.',
    'environment-digest': 'Digest of trainer code and environment.',
    validation: 'Predictions for the validation rows.',
    test: 'Predictions for the test rows.',
    oot: 'Predictions for the out-of-time rows.',
    'champion-validation': "The champion's predictions for the validation rows.",
    'champion-test': "The champion's predictions for the test rows.",
    'champion-oot': "The champion's predictions for the out-of-time rows.",
    'champion-problem': 'Why the champion could not be asked; absent when it could.',
  },
  keeps: ['model', 'validation', 'test', 'oot'],
  needs: { backend },
  check: (inputs) => [
    ...(inputs.trainer === 'command' && inputs.command === undefined
      ? [{ path: 'command', message: 'expected a program and its first arguments, because of trainer: command; found nothing.' }]
      : []),
    ...backendProblems(inputs),
    ...unknownMetrics(inputs, [['search.metric', inputs.search.metric]]),
  ],

  async run(inputs, { backend }, { files, signal, log, run }) {
    const source = trainerSource(inputs);
    const features = JSON.parse(await readFile(inputs.features, 'utf8')) as Features;
    log.info('looking at the trainer and its environment');
    const description = await backend.describe(source, inputs.python, signal);
    const environment = await backend.environment(source, inputs.python, signal);
    const algorithms = chooseAlgorithms(description, inputs);

    const base = description.warmStart ? inputs.base : undefined;
    const detached = inputs.wait === 'detached';
    const bench = { backend, source, base, inputs, features, files, signal, log, seed: run.seed, detached };
    const fits = await beginAll<Fitted>(
      algorithms.map((algorithm, i) => async () => {
        const progress = (share: number, text: string) => log.progress((i + share) / algorithms.length, `${algorithm.name} ${text}`);
        const parameters = parametersOf(inputs, algorithm, algorithms.length);
        log.info(`${algorithm.name}: ${JSON.stringify(parameters)}`);
        return fitAlgorithm(bench, algorithm, parameters, progress);
      }),
    );
    const { winner, fitted } = await chooseWinner(bench, fits);

    const outputs: Record<string, FileOutput | string> = {
      model: files.adopt(winner.model),
      algorithm: winner.algorithm,
      trainer: await files.write('trainer.json', `${JSON.stringify(trainerFile(source, inputs, features, winner), undefined, 2)}\n`),
      'environment-digest': environment.digest,
    };
    if (environment.lock !== '') outputs.environment = await files.write('environment.lock', environment.lock);
    if (winner.fit.importances.length > 0)
      outputs.importances = await files.write('importances.json', `${JSON.stringify(winner.fit.importances)}\n`);
    const judging = JUDGING.flatMap((part) => {
      const path = inputs[part];
      return path === undefined ? [] : [async () => ({ [part]: await predictPart(bench, winner, part, path) })];
    });
    Object.assign(outputs, ...(await beginAll<Record<string, FileOutput | string>>([...judging, () => predictWithChampion(bench)])));

    return {
      verdict: passed,
      found: foundText(fitted, winner, inputs.select),
      outputs,
      metrics: crossValidation(fitted),
      tables: [algorithmTable(fitted, winner, inputs.select)],
      curves: [...importanceCurve(winner), ...historyCurve(winner)],
    };
  },
});

function foundText(fitted: readonly Fitted[], winner: Fitted, select: 'cv' | 'test'): string {
  const { cv, history } = winner.fit;
  const last = Object.entries(history.at(-1)?.metrics ?? {}).map(([name, value]) => `, ${name} ${value.toPrecision(3)}`);
  const score =
    select === 'test'
      ? ' on the test part'
      : cv
        ? `, cross-validated ${cv.metric} ${cv.mean.toFixed(4)}${cv.std === undefined ? '' : ` ± ${cv.std.toFixed(4)}`}`
        : last.join('');
  return `${winner.algorithm}${fitted.length > 1 ? `, best of ${fitted.length}` : ''}${score}`;
}
