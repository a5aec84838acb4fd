import { seededRandom } from './seeded-random.ts';

/**
 * Customers whose churn depends on three columns and chance: `tenure` and `plan` say a lot, `charges` a little.
 * The same seed gives the same rows.
 */
export interface CustomerOptions {
  readonly seed?: number;
  readonly first?: number;
  /** Labels at random: nothing can be learned. */
  readonly shuffled?: boolean;
  readonly columns?: readonly ('tenure' | 'plan' | 'charges')[];
}

export function customers(
  rows: number,
  { seed = 1, first = 0, shuffled = false, columns = ['tenure', 'plan', 'charges'] }: CustomerOptions = {},
): string {
  const random = seededRandom(seed);
  const lines = [['id', ...columns, 'churn'].join(',')];
  for (let i = 0; i < rows; i++) {
    const tenure = Math.floor(random() * 72);
    const plan = ['monthly', 'yearly', 'two-year'][Math.floor(random() * 3)] as string;
    const charges = Math.round((20 + random() * 80) * 100) / 100;
    const logit = 1.2 - 0.07 * tenure + (plan === 'monthly' ? 1.5 : plan === 'yearly' ? 0 : -1.2) + 0.01 * (charges - 60);
    const churn = shuffled ? random() < 0.4 : random() < 1 / (1 + Math.exp(-logit));
    const values: Record<string, string | number> = { tenure, plan, charges };
    lines.push([`c${first + i}`, ...columns.map((column) => values[column]), churn ? 'yes' : 'no'].join(','));
  }
  return `${lines.join('\n')}\n`;
}

export const pipeline = (more = ''): string => `version: 1
name: churn
task: classification
target: { column: churn, positive: "yes" }
key: id
run: { retries: 0 }
fetch-data: { source: data/*.csv }
prepare-data: { split: { test: 25 % } }
train: { algorithms: [logistic_regression], search: { folds: 3 } }
${more}`;
