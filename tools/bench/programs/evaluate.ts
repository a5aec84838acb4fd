import { classificationRows, confusionOf, countGroups, FAIRNESS_MEASURES, findMetric, sliceByValue } from '../../../src/metrics/index.ts';
import { openTable } from '../../../src/tables/open-table.ts';
import { Clock } from './timed.ts';

const METRICS = ['accuracy', 'f1_score', 'auc_roc', 'average_precision', 'log_loss', 'brier', 'mcc'];
const MEASURES = [
  'demographic_parity_difference',
  'demographic_parity_ratio',
  'equalized_odds_difference',
  'equalized_odds_ratio',
  'equal_opportunity_difference',
  'false_positive_rate_difference',
];

const [path, work] = process.argv.slice(2) as [string, string];
const clock = new Clock();
const wanted = work === 'fairness' ? ['y', 'score', 'ten', 'many'] : ['y', 'score'];
const columns = await readColumns(path, wanted);
const rows = classificationRows({ truth: codes(columns[0]!), scores: columns[1]!, classes: [0, 1], positive: 1 });
const found: Record<string, number> = {};
const kept = (name: string, estimate: { value?: number }): void => {
  found[name] = estimate.value ?? Number.NaN;
};
if (work === 'fairness') {
  for (const [name, column] of [
    ['ten', columns[2]!],
    ['many', columns[3]!],
  ] as const) {
    const groups = countGroups(rows, sliceByValue(name, codes(column)));
    for (const measure of MEASURES) kept(`${name} ${measure}`, FAIRNESS_MEASURES[measure]!(groups).estimate as { value?: number });
  }
} else if (work === 'intervals') {
  for (const metric of METRICS) kept(metric, (await findMetric('binary', metric).estimate(rows)) as { value?: number });
} else {
  for (const metric of METRICS) kept(metric, findMetric('binary', metric).value(rows) as { value?: number });
  confusionOf(rows).cells.forEach((count, cell) => {
    found[`cell ${cell}`] = count;
  });
}
clock.report(found);

/** Whole columns of numbers, grown by doubling while the file is read. */
async function readColumns(from: string, names: readonly string[]): Promise<Float64Array[]> {
  const table = await openTable(from);
  let whole = names.map(() => new Float64Array(1 << 20));
  let n = 0;
  for await (const batch of table.batches({ columns: names, reuse: true })) {
    if (n + batch.rows > whole[0]!.length)
      whole = whole.map((column) => {
        const larger = new Float64Array(column.length * 2);
        larger.set(column);
        return larger;
      });
    for (const [c, column] of batch.columns.entries()) {
      if (column.kind === 'text') throw new Error(`${names[c]} should hold numbers`);
      whole[c]!.set(column.values, n);
    }
    n += batch.rows;
  }
  return whole.map((column) => column.subarray(0, n));
}

/** Whole numbers from 0 on as codes with their names. */
function codes(column: Float64Array): { codes: Int32Array; dictionary: string[] } {
  let most = -1;
  for (let i = 0; i < column.length; i++) if (column[i]! > most) most = column[i]!;
  return { codes: Int32Array.from(column), dictionary: Array.from({ length: most + 1 }, (_, code) => String(code)) };
}
