import { FAIRNESS_MEASURES } from '../../metrics/fairness.ts';
import { suggestion } from '../../pipeline/words.ts';
import { metricsAt, unknownMetrics } from '../metric-names.ts';
import { COMPLEXITY_GAPS } from './complexity-inputs.ts';
import type { BiasInputs } from './inputs.ts';

const SQL_ONLY = ['complexity', 'groups', 'columns', 'dialect', 'schemas', 'exact-match', 'token-f1'] as const;
const TABLE_ONLY = ['slices', 'cross'] as const;

/** Rules over several inputs: known measures, and what one task needs and another cannot have. */
export function checkBias(inputs: BiasInputs): { path: string; message: string }[] {
  const sql = inputs.task === 'text-to-sql';
  const measures = Object.keys(sql ? COMPLEXITY_GAPS : FAIRNESS_MEASURES);
  const foreign = sql ? TABLE_ONLY.filter((name) => inputs[name]?.length > 0) : SQL_ONLY.filter((name) => inputs[name] !== undefined);
  return [
    ...Object.keys(inputs.gates ?? {})
      .filter((name) => !measures.includes(name))
      .map((name) => ({ path: `gates.${name}`, message: `unknown measure.${suggestion(name, measures)}` })),
    ...unknownMetrics(inputs, metricsAt('metrics', inputs.metrics)),
    ...foreign.map((name) => ({
      path: name,
      message: `expected only where task is ${sql ? 'not text-to-sql' : `text-to-sql; it is ${inputs.task}`}.`,
    })),
    ...(sql || inputs.target !== undefined
      ? []
      : [{ path: 'target', message: 'expected the column that holds what is to be predicted, found nothing.' }]),
  ];
}
