import { defineStage, type FileOutput } from '../../kernel/stage.ts';
import { beginAll } from '../../kernel/submitted.ts';
import { passed } from '../../kernel/verdict.ts';
import { backend } from '../../providers/backends/backend.ts';
import { trackers } from '../../providers/trackers/tracker.ts';
import { backendProblems } from '../backend-inputs.ts';
import { jsonInput } from '../json-input.ts';
import { unknownMetrics } from '../metric-names.ts';
import type { ProgressEvent } from '../run-job.ts';
import { paramsOf } from '../tracked-run.ts';
import { trainerSource } from '../trainer-inputs.ts';
import { chooseAlgorithms, defaultsOf, hyperparameters, parametersOf } from './choose-algorithms.ts';
import { algorithmTable, crossValidation, historyCurve, importanceCurve, trainerFile } from './describe-training.ts';
import { featuresFile } from './features.ts';
import { chosenInputs, trainInputs } from './inputs.ts';
import type { Fitted } from './jobs.ts';

const JUDGING = ['validation', 'test', 'oot'] as const;

export const train = defineStage({
  name: 'train',
  summary: 'Fit every algorithm on the training part, choose one there, and let it and the champion predict the judging rows.',
  inputs: trainInputs,
  outputs: {
    model: 'Folder of the chosen model.',
    algorithm: 'The chosen algorithm.',
    trainer: 'What the trainer was given and chose, as JSON: enough to predict with the model.',
    importances: 'Importances of the features, as JSON.',
    environment: 'Lock of an environment that its models can be loaded in; the one it was trained in, unless that was an image.',
    'image-lock': 'Lock of what was installed into the image it was trained in; absent elsewhere.',
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
  needs: { backend, trackers },
  check: (inputs) => [
    ...(inputs.trainer === 'command' && inputs.command === undefined
      ? [{ path: 'command', message: 'expected a program and its first arguments, because of trainer: command; found nothing.' }]
      : []),
    ...backendProblems(inputs),
    ...unknownMetrics(inputs, [['search.metric', inputs.search.metric]]),
  ],

  async run(inputs, { backend, trackers }, context) {
    const { files, signal, log, run, elsewhere } = context;
    const [{ predictWithChampion }, { chooseWinner }, { fitAlgorithm, predictPart }, { whileTracked }] = await Promise.all([
      import('./champion.ts'),
      import('./choose-winner.ts'),
      import('./jobs.ts'),
      import('./live-tracking.ts'),
    ]);
    const source = trainerSource(inputs);
    const features = await jsonInput(inputs.features, featuresFile, 'the features that prepare-data writes');
    log.info('looking at the trainer and its environment');
    const description = await backend.describe(source, inputs.python, signal);
    const environment = await backend.environment(source, inputs.python, signal);
    const algorithms = chooseAlgorithms(description, inputs).map((algorithm, _, { length }) => ({
      algorithm,
      parameters: parametersOf(inputs, algorithm, length),
    }));
    const base = description.warmStart ? inputs.base : undefined;
    const detached = inputs.wait === 'detached';
    const apart = inputs.force || inputs.again ? run.id : undefined;
    /** What only one of several has carries its name. */
    const nameOf = ({ name }: { readonly name: string }) => (algorithms.length > 1 ? name : undefined);
    const params = {
      ...Object.assign(
        {},
        ...algorithms.map(({ algorithm, parameters }) => hyperparameters(nameOf(algorithm), { ...defaultsOf(algorithm), ...parameters })),
      ),
      ...paramsOf('train', chosenInputs(inputs)),
      ...(backend.machine !== undefined && { machine: backend.machine }),
      seed: run.seed,
    };

    return whileTracked(trackers, params, context, async (live) => {
      const bench = {
        backend,
        source,
        base,
        inputs,
        features,
        files,
        signal,
        log,
        seed: run.seed,
        detached,
        apart,
        onJob: live.job,
        elsewhere,
        get experimentRun() {
          return live.experimentRun(backend.name);
        },
      };
      const fits = await beginAll<Fitted>(
        algorithms.map(({ algorithm, parameters }, i) => async () => {
          const progress = (share: number, text: string, event: ProgressEvent) => {
            log.progress((i + share) / algorithms.length, `${algorithm.name} ${text}`);
            live.progress(nameOf(algorithm), event);
          };
          log.info(`${algorithm.name}: ${JSON.stringify(parameters)}`);
          const fitted = await fitAlgorithm(bench, algorithm, parameters, progress);
          live.params(hyperparameters(nameOf(algorithm), fitted.fit.parameters));
          return fitted;
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
      if (environment.imageLock !== undefined) outputs['image-lock'] = await files.write('image.lock', environment.imageLock);
      if (winner.fit.importances.length > 0)
        outputs.importances = await files.write('importances.json', `${JSON.stringify(winner.fit.importances)}\n`);
      const judging = JUDGING.flatMap((part) => {
        const path = inputs[part];
        return path === undefined ? [] : [async () => ({ [part]: await predictPart(bench, winner, part, path) })];
      });
      Object.assign(outputs, ...(await beginAll<Record<string, FileOutput | string>>([...judging, () => predictWithChampion(bench)])));

      return {
        verdict: passed,
        found: `${foundText(fitted, winner, inputs.select)}${apart === undefined ? '' : `, ${inputs.force ? 'forced' : 'run.on-same-key: retrain'}: no other run’s work was taken over`}`,
        outputs,
        metrics: crossValidation(fitted),
        tables: [algorithmTable(fitted, winner, inputs.select)],
        curves: [...importanceCurve(winner), ...historyCurve(winner)],
      };
    });
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
