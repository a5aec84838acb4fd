import { metricsAt, unknownMetrics } from '../metric-names.ts';
import type { EvaluateInputs } from './inputs.ts';

const SQL_ONLY = ['exact-match', 'token-f1', 'columns', 'dialect', 'complexity', 'schemas', 'execution'] as const;

/** Rules over several inputs: what one task needs and another cannot have. */
export function checkEvaluation(inputs: EvaluateInputs): { path: string; message: string }[] {
  return [
    ...unknownMetrics(inputs, [['primary', inputs.primary], ...metricsAt('metrics', inputs.metrics), ...metricsAt('gates', inputs.gates)]),
    ...ofTask(inputs),
  ];
}

function ofTask(inputs: EvaluateInputs): { path: string; message: string }[] {
  if (inputs.task !== 'text-to-sql') {
    const problems = SQL_ONLY.filter((name) => inputs[name] !== undefined).map((name) => ({
      path: name,
      message: `expected only where task is text-to-sql; it is ${inputs.task}.`,
    }));
    return inputs.target === undefined
      ? [...problems, { path: 'target', message: 'expected the column that holds what is to be predicted, found nothing.' }]
      : problems;
  }
  const problems: { path: string; message: string }[] = [];
  if (inputs['exact-match'] === 'spider' && inputs.schemas === undefined)
    problems.push({ path: 'exact-match', message: 'spider compares by schema: give `schemas`, Spider’s tables.json.' });
  const named = { gates: Object.keys(inputs.gates ?? {}), guards: Object.keys(inputs.guards ?? {}), metrics: inputs.metrics ?? [] };
  for (const [path, names] of Object.entries({ ...named, primary: inputs.primary === undefined ? [] : [inputs.primary] }))
    if (names.includes('execution') && inputs.execution === undefined)
      problems.push({ path, message: 'execution is measured by running the SQL: give `execution.databases`.' });
  return problems;
}
