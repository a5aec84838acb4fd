import { type SumMetric, sumMetric } from './mean-metric.ts';
import type { Metric } from './metric.ts';
import { countGrams, type TextRows } from './text-rows.ts';

const CHARACTER_ORDERS = 6;
const BETA = 2;
const EDGE_PUNCTUATION = new Set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~');

/** Runs in the text, runs in the reference and shared runs of each order: characters 1…6, then words. */
function countsOf(hypothesis: string, reference: string, wordOrders: number): Float64Array {
  const orders = CHARACTER_ORDERS + wordOrders;
  const out = new Float64Array(3 * orders);
  const [a, b] = [partsOf(hypothesis), partsOf(reference)];
  for (let order = 0; order < orders; order++) {
    const ofWords = order >= CHARACTER_ORDERS;
    const length = ofWords ? order - CHARACTER_ORDERS + 1 : order + 1;
    const [mine, theirs] = [a, b].map((parts) => countGrams(ofWords ? parts.words : parts.characters, length)) as [
      Map<string, number>,
      Map<string, number>,
    ];
    let [written, expected, shared] = [0, 0, 0];
    for (const count of theirs.values()) expected += count;
    for (const [gram, count] of mine) {
      written += count;
      shared += Math.min(count, theirs.get(gram) ?? 0);
    }
    // An order that the reference lacks does not count the text's runs either.
    out.set([theirs.size === 0 ? 0 : written, expected, shared], 3 * order);
  }
  return out;
}

function partsOf(text: string): { characters: string[]; words: string[] } {
  const words = text.split(/\s+/).filter(Boolean);
  return { characters: [...words.join('')], words: words.flatMap(splitEdge) };
}

/** One punctuation mark is split from the end of a word, else from its beginning. */
function splitEdge(word: string): string[] {
  if (word.length === 1) return [word];
  if (EDGE_PUNCTUATION.has(word.at(-1)!)) return [word.slice(0, -1), word.at(-1)!];
  return EDGE_PUNCTUATION.has(word[0]!) ? [word[0]!, word.slice(1)] : [word];
}

/** F₂ in percent of the mean precision and mean recall over the orders that both sides have. */
export function chrfOfCounts(counts: ArrayLike<number>): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let at = 0; at < counts.length; at += 3) {
    const [written, expected, shared] = [counts[at]!, counts[at + 1]!, counts[at + 2]!];
    if (written <= 0 || expected <= 0) continue;
    precision += shared / written;
    recall += shared / expected;
    orders++;
  }
  if (orders === 0 || precision + recall === 0) return 0;
  const [p, r] = [precision / orders, recall / orders];
  return (100 * (1 + BETA * BETA) * p * r) / (BETA * BETA * p + r);
}

/** Counts against the reference that scores best, the first of equals. */
function bestCounts(hypothesis: string, references: readonly string[], wordOrders: number): Float64Array {
  let best: Float64Array | undefined;
  for (const reference of references) {
    const counts = countsOf(hypothesis, reference, wordOrders);
    if (best === undefined || chrfOfCounts(counts) > chrfOfCounts(best)) best = counts;
  }
  return best!;
}

/** chrF of a corpus in percent (Popović 2015); with word orders 2 it is chrF++. */
export function corpusChrf({ hypotheses, references }: Pick<TextRows, 'hypotheses' | 'references'>, wordOrders: 0 | 2 = 0): number {
  const sums = new Float64Array(3 * (CHARACTER_ORDERS + wordOrders));
  hypotheses.forEach((hypothesis, i) => {
    bestCounts(hypothesis, references[i]!, wordOrders).forEach((count, c) => {
      sums[c]! += count;
    });
  });
  return chrfOfCounts(sums);
}

function metric(name: string, title: string, wordOrders: 0 | 2): Metric<TextRows> {
  const sums: SumMetric<TextRows>['sums'] = ({ hypotheses, references, n }) => {
    const columns = Array.from({ length: 3 * (CHARACTER_ORDERS + wordOrders) }, () => new Float64Array(n));
    hypotheses.forEach((hypothesis, i) => {
      bestCounts(hypothesis, references[i]!, wordOrders).forEach((count, c) => {
        columns[c]![i] = count;
      });
    });
    return { columns, of: chrfOfCounts };
  };
  return sumMetric({ name, title, better: 'higher', tasks: ['text'], range: { low: 0, high: 100 }, otherwise: 'zero-denominator', sums });
}

export const chrf = metric('chrf', 'chrF', 0);
export const chrfPlusPlus = metric('chrf_plus_plus', 'chrF++', 2);
