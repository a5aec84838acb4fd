import { UserError } from '../../kernel/errors.ts';
import { isComputed } from '../../statistics/estimate.ts';
import { type Bench, crossValidated, type Fitted, predictPart } from './jobs.ts';

/**
 * The best algorithm by cross-validation inside the training part (ties: the one named first).
 * With `select: test` the test part decides, as the reference systems do; the figure of the winner is then optimistic.
 */
export async function chooseWinner(
  bench: Bench,
  fitted: readonly Fitted[],
): Promise<{ readonly winner: Fitted; readonly fitted: readonly Fitted[] }> {
  const metric = crossValidated(bench);
  const sign = metric.better === 'lower' ? -1 : 1;
  if (bench.inputs.select === 'cv') {
    if (fitted.length === 1) return { winner: fitted[0]!, fitted };
    const winner = best(fitted, (one) => {
      if (one.fit.cv === undefined)
        throw new UserError(
          'no-cross-validation',
          `${one.algorithm} came back without a cross-validated score, so algorithms cannot be compared.`,
          { todo: 'Mend the trainer, name one algorithm, or set train.select: test.' },
        );
      return sign * one.fit.cv.mean;
    });
    return { winner, fitted };
  }
  const scored: Fitted[] = [];
  for (const one of fitted) scored.push({ ...one, test: await testScore(bench, one) });
  return { winner: best(scored, (one) => sign * one.test!), fitted: scored };
}

function best(fitted: readonly Fitted[], scoreOf: (one: Fitted) => number): Fitted {
  return fitted.reduce((leader, one) => (scoreOf(one) > scoreOf(leader) ? one : leader));
}

async function testScore(bench: Bench, one: Fitted): Promise<number> {
  const { inputs, features, signal, files } = bench;
  if (inputs.test === undefined || inputs['test-rows'] === undefined)
    throw new UserError('no-test-part', 'train.select is test, but there is no test part.', {
      todo: 'Set prepare-data.split.test, or train.select: cv.',
    });
  const [{ openTable }, { classified, regressed }] = await Promise.all([import('../../tables/open-table.ts'), import('../judged-rows.ts')]);
  const predictions = files.path((await predictPart(bench, one, 'select', inputs.test)).file);
  const options = {
    key: features.key,
    target: features.target.column,
    classes: features.target.classes,
    positive: features.target.positive,
    threshold: 0.5,
    signal,
  };
  const [rows, predicted] = [await openTable(inputs['test-rows'], {}, signal), await openTable(predictions, {}, signal)];
  const judged = inputs.task === 'regression' ? await regressed(rows, predicted, options) : await classified(rows, predicted, options);
  const estimate = crossValidated(bench).value(judged.rows);
  if (!isComputed(estimate))
    throw new UserError(
      'not-computable',
      `${crossValidated(bench).name} of ${one.algorithm} on the test part cannot be computed (${estimate.notComputable}).`,
    );
  return estimate.value;
}
