import { UserError } from '../../kernel/errors.ts';
import type { Gate, MetricValue, RecordTable } from '../../kernel/record.ts';
import type { Context } from '../../kernel/stage.ts';
import { passed } from '../../kernel/verdict.ts';
import { judge } from '../../metrics/gates.ts';
import { bucketsOf, type ComplexityGap, complexityGap, scoreEstimate } from '../../metrics/text-to-sql-buckets.ts';
import { bucketFile, csvLineForPeople, distributionFile, type FileRows } from '../../metrics/text-to-sql-files.ts';
import { scoreTextToSql } from '../../metrics/text-to-sql-rows.ts';
import { parseThreshold } from '../../metrics/threshold.ts';
import type { SqlEngines } from '../../providers/engines/engine.ts';
import type { Data } from '../../providers/sources/source.ts';
import { type Estimate, isComputed } from '../../statistics/estimate.ts';
import type { GateInputs } from '../gate-inputs.ts';
import { gateOf, gateVerdict } from '../gates.ts';
import { complexityLabels, readSchemas, schemasOf } from '../sql-complexity.ts';
import { readSqlRows, type SqlRows } from '../sql-rows.ts';
import { COMPLEXITY_GAPS } from './complexity-inputs.ts';
import type { BiasInputs, BiasResult } from './inputs.ts';

const SCORES = { exact_match: 'share', f1_score: 'mean' } as const;

const TABLE_ROWS = 1_000;

interface Scores {
  readonly exactMatch: Float64Array;
  readonly f1: Float64Array;
}

/** Exact match and token F1 by complexity of the SQL, and the gap between simple and complex queries. */
export async function biasOfComplexity(
  inputs: BiasInputs,
  means: { readonly data: Data; readonly engines: SqlEngines },
  { signal, files }: Context,
): Promise<BiasResult> {
  const { labels, scores } = await labelledScores(inputs, means, signal);
  const buckets = bucketsOf(labels);
  const small = buckets.filter(({ rows }) => rows.length < inputs['min-group']);
  const perBucket = bucketFile(labels, scores, { small: inputs['min-group'] });
  const distribution = distributionFile(labels);

  const metrics: MetricValue[] = [];
  for (const { label, rows } of buckets)
    for (const [name, kind] of Object.entries(SCORES))
      metrics.push({ ...metricOf(name, scoreEstimate(of(scores, name), kind, rows)), slice: `sql_complexity=${label}` });
  const gaps = Object.entries(COMPLEXITY_GAPS).map(([name, metric]) => {
    const gap = complexityGap(labels, of(scores, metric), SCORES[metric], { groups: inputs.groups });
    return { name, gap, estimate: estimateOf(gap) };
  });
  metrics.push(
    ...gaps.filter(({ gap }) => 'gap' in gap).map(({ name, estimate }) => ({ ...metricOf(name, estimate), column: 'sql_complexity' })),
  );
  const gates = gaps.flatMap(({ name, gap, estimate }) => gateOn(name, inputs.gates[name], gap, estimate));

  return {
    verdict: gateVerdict(gates) ?? passed,
    found: foundText(
      buckets.length,
      gaps[0]!.gap,
      small.map(({ label }) => label),
    ),
    outputs: {
      groups: buckets.length,
      'too-few': small.length,
      'per-bucket': await files.write('per_bucket_complexity_eval.csv', lines(perBucket)),
      distribution: await files.write('sql_complexity_distribution.csv', lines(distribution)),
    },
    metrics,
    gates,
    tables: [
      tableOf('sql-by-complexity', 'Right SQL by complexity', bucketFile(labels, scores, { small: inputs['min-group'] })),
      tableOf('sql-complexity', 'How complex the SQL is', distributionFile(labels)),
    ],
  };
}

/** From the evaluation CSV, labelled and scored by evaluate; else from predictions and rows. */
async function labelledScores(
  inputs: BiasInputs,
  { data, engines }: { readonly data: Data; readonly engines: SqlEngines },
  signal: AbortSignal,
): Promise<{ readonly labels: readonly (string | undefined)[]; readonly scores: Scores }> {
  if (inputs.evaluation !== undefined) {
    const rows = await readSqlRows(data, { predictions: inputs.evaluation }, { signal });
    return { labels: rows.texts.map(({ complexity }) => complexity), scores: rows.scored ?? scored(rows, inputs) };
  }
  const rows = await readSqlRows(data, inputs, { columns: inputs.columns, key: inputs.key, target: inputs.target?.column, signal });
  const schemas = await readSchemas(inputs.schemas, data, signal);
  const scheme = inputs.complexity ?? 'column-or-structure';
  const schemaOf = schemasOf(schemas, rows.databases);
  const labels = await complexityLabels(rows, scheme, { engines, dialect: inputs.dialect ?? 'sqlite', schemaOf, signal });
  // Scores that the file brings are those of the kinds it was made with; whoever asks for a kind gets that.
  const asked = inputs['token-f1'] !== undefined || (inputs['exact-match'] ?? 'spider') !== 'spider';
  return { labels, scores: (asked ? undefined : rows.scored) ?? scored(rows, inputs) };
}

function scored({ texts }: SqlRows, inputs: BiasInputs): Scores {
  if (inputs['exact-match'] === 'spider')
    throw new UserError('no-scores', 'Exact match by Spider is measured in evaluate; the file has no column `exact_match`.', {
      todo: 'Give the evaluation CSV that evaluate wrote.',
    });
  return scoreTextToSql(texts, {
    dialect: inputs.dialect ?? 'sqlite',
    exactMatch: inputs['exact-match'] ?? 'normalized',
    tokenF1: inputs['token-f1'] ?? 'bag',
  });
}

const of = (scores: Scores, metric: string): Float64Array => (metric === 'exact_match' ? scores.exactMatch : scores.f1);

const estimateOf = (gap: ComplexityGap): Estimate =>
  'gap' in gap
    ? { value: gap.gap, n: gap.simple.n + gap.complex.n, ...(gap.interval && { interval: gap.interval }) }
    : { notComputable: 'empty', n: 0 };

const WHY_NO_GAP = {
  'no-groups': 'the labels are of no scheme that says what is simple; say it under bias-check.groups',
  'one-group': 'there is only simple or only complex SQL',
} as const;

function gateOn(name: string, given: GateInputs[string] | undefined, gap: ComplexityGap, estimate: Estimate): Gate[] {
  if (given === undefined) return [];
  const [written, how] = typeof given === 'object' ? [given.threshold, given.judge ?? 'interval'] : [given, 'interval' as const];
  const gate = gateOf(name, judge(parseThreshold(written, 'lower', name), estimate, how));
  return [
    {
      ...gate,
      slice: 'sql_complexity',
      split: 'test',
      ...('notComputable' in gap && { reason: `No gap: ${WHY_NO_GAP[gap.notComputable]}.` }),
    },
  ];
}

const metricOf = (name: string, estimate: Estimate): MetricValue => ({
  name,
  n: estimate.n,
  split: 'test',
  ...(isComputed(estimate)
    ? { value: estimate.value, ...(estimate.interval && { interval: estimate.interval }) }
    : { notComputable: estimate.notComputable }),
});

function foundText(buckets: number, gap: ComplexityGap, small: readonly string[]): string {
  const range = 'gap' in gap && gap.interval ? ` [${gap.interval.low.toFixed(3)}, ${gap.interval.high.toFixed(3)}]` : '';
  const text = 'gap' in gap ? `exact match simple − complex ${gap.gap.toFixed(3)}${range}` : `no gap: ${WHY_NO_GAP[gap.notComputable]}`;
  return `${buckets} buckets of SQL; ${text}${small.length > 0 ? `; too few rows in ${small.join(', ')}` : ''}`;
}

async function* lines({ header, rows }: FileRows): AsyncIterable<string> {
  yield csvLineForPeople(header);
  for (const row of rows) yield csvLineForPeople(row);
}

const tableOf = (name: string, title: string, { header, rows }: FileRows): RecordTable => {
  const cells = [...rows].map((row) => row.map((cell) => (typeof cell === 'string' ? cell.toWellFormed() : (cell ?? null))));
  return { name, title, columns: [...header], rows: cells.slice(0, TABLE_ROWS), total: cells.length };
};
