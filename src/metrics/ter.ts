import { type SumMetric, sumMetric } from './mean-metric.ts';
import type { Metric } from './metric.ts';
import type { TextRows } from './text-rows.ts';
import { tokenize } from './text-tokens.ts';
import { alignmentOf, type EditTable, editsOf, editTable } from './word-edits.ts';

/** Limits of Tercom: words moved at once, and how far. */
const MOVED_WORDS_MAX = 10;
const MOVED_DISTANCE_MAX = 50;
/** sacrebleu's limit: moves tried for one text and reference. */
const MOVES_MAX = 1_000;

/** Edits and moves that turn a text into its reference (Snover 2006; greedy moves by Tercom's order of preference). */
function editsAndMoves(words: readonly string[], reference: readonly string[]): number {
  if (reference.length === 0) return words.length;
  let table = editTable(words, reference);
  const budget = { left: MOVES_MAX };
  for (let moves = 0; ; moves++) {
    const better = bestMove(table, budget);
    if (better === undefined || budget.left <= 0) return moves + editsOf(table);
    table = better;
  }
}

/** The text after the move that saves most edits: of equals the one of most words, then of the earliest words, then to the earliest place. */
function bestMove(table: EditTable, budget: { left: number }): EditTable | undefined {
  const { words, reference } = table;
  const { places, wrongInText, wrongInReference } = alignmentOf(table);
  let best: { readonly table: EditTable; readonly order: readonly number[] } | undefined;
  for (const { start, partner, length } of sharedRuns(words, reference)) {
    if (!someWrong(wrongInText, start, length) || !someWrong(wrongInReference, partner, length)) continue;
    if (places[partner]! >= start && places[partner]! < start + length) continue;
    let before = -1;
    for (let offset = -1; offset < length && partner + offset < reference.length; offset++) {
      const target = partner + offset === -1 ? 0 : places[partner + offset]! + 1;
      if (target === before) continue;
      before = target;
      const moved = editTable(moveWords(words, start, length, target), reference, table, Math.min(start, target));
      const order = [editsOf(table) - editsOf(moved), length, -start, -target];
      budget.left--;
      if (best === undefined || isAfter(order, best.order)) best = { table: moved, order };
    }
    if (budget.left <= 0) break;
  }
  return best !== undefined && best.order[0]! > 0 ? best.table : undefined;
}

/** Runs of words that text and reference share, by their beginnings. */
function* sharedRuns(words: readonly string[], reference: readonly string[]) {
  for (let start = 0; start < words.length; start++) {
    const first = Math.max(0, start - MOVED_DISTANCE_MAX);
    const last = Math.min(reference.length - 1, start + MOVED_DISTANCE_MAX);
    for (let partner = first; partner <= last; partner++) {
      const most = Math.min(MOVED_WORDS_MAX, words.length - start, reference.length - partner);
      for (let length = 1; length <= most && words[start + length - 1] === reference[partner + length - 1]; length++)
        yield { start, partner, length };
    }
  }
}

function moveWords(words: readonly string[], start: number, length: number, target: number): string[] {
  const rest = [...words.slice(0, start), ...words.slice(start + length)];
  const place = target > start + length ? target - length : target;
  return [...rest.slice(0, place), ...words.slice(start, start + length), ...rest.slice(place)];
}

const someWrong = (wrong: Uint8Array, from: number, length: number): boolean => wrong.subarray(from, from + length).includes(1);

function isAfter(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at]! > b[at]!;
}

/** Fewest edits over the references, mean length of the references in words. */
function countsOf(hypothesis: string, references: readonly string[]): readonly [edits: number, length: number] {
  const words = tokenize(hypothesis.toLowerCase(), 'none');
  const expected = references.map((reference) => tokenize(reference.toLowerCase(), 'none'));
  const edits = Math.min(...expected.map((reference) => editsAndMoves(words, reference)));
  return [edits, expected.reduce((total, { length }) => total + length, 0) / expected.length];
}

/** In percent; empty references: 100 when anything was written, else 0. */
const rateOf = (edits: number, length: number): number => (length > 0 ? (100 * edits) / length : edits > 0 ? 100 : 0);

/**
 * Translation edit rate of a corpus in percent (Snover et al. 2006, as sacrebleu counts): insertions, deletions, substitutions and moves of
 * runs of words, over the mean length of the references. Lower is better; above 100 where more must be changed than the reference has words.
 */
export function corpusTer({ hypotheses, references }: Pick<TextRows, 'hypotheses' | 'references'>): number {
  let [edits, length] = [0, 0];
  hypotheses.forEach((hypothesis, i) => {
    const [some, words] = countsOf(hypothesis, references[i]!);
    edits += some;
    length += words;
  });
  return rateOf(edits, length);
}

const sums: SumMetric<TextRows>['sums'] = ({ hypotheses, references, n }) => {
  const columns = [new Float64Array(n), new Float64Array(n)] as const;
  hypotheses.forEach((hypothesis, i) => {
    [columns[0][i], columns[1][i]] = countsOf(hypothesis, references[i]!);
  });
  return { columns, of: ([edits, length]) => rateOf(edits!, length!) };
};

export const ter: Metric<TextRows> = sumMetric({
  name: 'ter',
  title: 'TER',
  better: 'lower',
  tasks: ['text'],
  range: { low: 0, high: Number.POSITIVE_INFINITY },
  otherwise: 'zero-denominator',
  sums,
});
