import { type SumMetric, sumMetric } from './mean-metric.ts';
import type { Metric } from './metric.ts';
import { countGrams, type TextRows } from './text-rows.ts';
import { type Tokenizer, tokenize } from './text-tokens.ts';

const ORDERS = 4;

/** What stands for a precision whose count is 0. */
export type Smoothing = 'exp' | 'floor' | 'add-k' | 'none';

export interface BleuOptions {
  readonly tokenizer?: Tokenizer;
  readonly smoothing?: Smoothing;
  /** Stop at the longest order that the text has: for single sentences. */
  readonly effectiveOrder?: boolean;
}

/** Sums over texts: matches of 1…4 words, words runs there are, words written, words of the closest reference. */
function countsOf(hypothesis: string, references: readonly string[], tokenizer: Tokenizer): Float64Array {
  const out = new Float64Array(2 * ORDERS + 2);
  const words = tokenize(hypothesis, tokenizer);
  const expected = references.map((reference) => tokenize(reference, tokenizer));
  for (let order = 1; order <= ORDERS; order++) {
    const most = new Map<string, number>();
    for (const reference of expected)
      for (const [gram, count] of countGrams(reference, order)) most.set(gram, Math.max(count, most.get(gram) ?? 0));
    for (const [gram, count] of countGrams(words, order)) out[order - 1]! += Math.min(count, most.get(gram) ?? 0);
    out[ORDERS + order - 1] = Math.max(0, words.length - order + 1);
  }
  out[2 * ORDERS] = words.length;
  out[2 * ORDERS + 1] = closestLength(
    words.length,
    expected.map((reference) => reference.length),
  );
  return out;
}

const closestLength = (written: number, lengths: readonly number[]): number =>
  lengths.reduce((best, length) => {
    const [a, b] = [Math.abs(length - written), Math.abs(best - written)];
    return a < b || (a === b && length < best) ? length : best;
  });

/** BLEU in percent from the sums: brevity penalty × geometric mean of the precisions of 1…4 words; 0 without any match. */
export function bleuOfCounts(sums: ArrayLike<number>, { smoothing = 'exp', effectiveOrder = false }: BleuOptions = {}): number {
  let halvings = 1;
  let logs = 0;
  let orders = ORDERS;
  let any = false;
  for (let order = 0; order < ORDERS; order++) {
    let match = sums[order]!;
    let total = sums[ORDERS + order]!;
    if (smoothing === 'add-k' && order > 0) {
      match++;
      total++;
    }
    if (total === 0) {
      // A text shorter than this order has no precision here: over all four orders that is 0.
      if (!effectiveOrder) return 0;
      break;
    }
    if (effectiveOrder) orders = order + 1;
    if (sums[order]! > 0) any = true;
    if (match === 0) {
      if (smoothing === 'exp') {
        halvings *= 2;
        match = 1 / halvings;
      } else if (smoothing === 'floor') match = 0.1;
      else return 0;
    }
    logs += Math.log((100 * match) / total);
  }
  if (!any) return 0;
  const [written, expected] = [sums[2 * ORDERS]!, sums[2 * ORDERS + 1]!];
  const brevity = written >= expected ? 1 : written > 0 ? Math.exp(1 - expected / written) : 0;
  return brevity * Math.exp(logs / orders);
}

/** BLEU of a corpus, in percent (Papineni 2002, as sacrebleu counts). */
export function corpusBleu({ hypotheses, references }: Pick<TextRows, 'hypotheses' | 'references'>, options: BleuOptions = {}): number {
  const sums = new Float64Array(2 * ORDERS + 2);
  hypotheses.forEach((hypothesis, i) => {
    countsOf(hypothesis, references[i]!, options.tokenizer ?? '13a').forEach((count, c) => {
      sums[c]! += count;
    });
  });
  return bleuOfCounts(sums, options);
}

const sums: SumMetric<TextRows>['sums'] = ({ hypotheses, references, n }) => {
  const columns = Array.from({ length: 2 * ORDERS + 2 }, () => new Float64Array(n));
  hypotheses.forEach((hypothesis, i) => {
    countsOf(hypothesis, references[i]!, '13a').forEach((count, c) => {
      columns[c]![i] = count;
    });
  });
  return { columns, of: (totals) => bleuOfCounts(totals) };
};

export const bleu: Metric<TextRows> = sumMetric({
  name: 'bleu',
  title: 'BLEU',
  better: 'higher',
  tasks: ['text'],
  range: { low: 0, high: 100 },
  otherwise: 'zero-denominator',
  sums,
});
