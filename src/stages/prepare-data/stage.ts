import { defineStage } from '../../kernel/stage.ts';
import { data } from '../../providers/sources/source.ts';
import { prepareInputs } from './inputs.ts';

export const prepareData = defineStage({
  name: 'prepare-data',
  summary: 'Split the rows, learn from the training part how columns become features, and write the parts a trainer reads.',
  inputs: prepareInputs,
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
  run: async (...given) => (await import('./prepare.ts')).prepare(...given),
});
