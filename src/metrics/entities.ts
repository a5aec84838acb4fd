import { BadInput } from '../tables/bad-input.ts';
import { takeNumbers } from './column-checks.ts';
import { byLabelOrder } from './labels.ts';
import { type SumMetric, sumMetric } from './mean-metric.ts';
import type { Metric, Rows } from './metric.ts';
import { detectScheme, type Entity, lenientEntities, type Scheme, strictEntities } from './tag-schemes.ts';

/** Sentences of a tagger, counted: per sentence and type the entities found, true, and found rightly (same type, start and end). */
export interface EntityRows extends Rows {
  readonly task: 'ner';
  readonly mode: 'strict' | 'lenient';
  /** Absent in lenient mode and where nothing is tagged. */
  readonly scheme?: Scheme;
  /** Types in truth or prediction, in order of their names. */
  readonly types: readonly string[];
  /** A column per type, a row per sentence. */
  readonly right: readonly Float64Array[];
  readonly predicted: readonly Float64Array[];
  readonly truth: readonly Float64Array[];
  /** Entities whose bounds are right, whatever their type. */
  readonly spansRight: Float64Array;
  readonly tokens: Float64Array;
  readonly tokensRight: Float64Array;
}

export interface EntityInput {
  /** Tags by sentence, such as `B-PER`. */
  readonly truth: readonly (readonly string[])[];
  readonly predicted: readonly (readonly string[])[];
  /** `strict` by default (S13). */
  readonly mode?: 'strict' | 'lenient';
  /** Strict mode; detected from the prefixes of the truth where it is left out. */
  readonly scheme?: Scheme;
}

/** Reads the entities of both sides. `BadInput` for other lengths, a prefix outside the scheme, or a scheme that cannot be told. */
export function entityRows({ truth, predicted, mode = 'strict', scheme }: EntityInput): EntityRows {
  if (truth.length !== predicted.length)
    throw new BadInput('wrong-length', `expected ${truth.length} tagged sentences, as the truth has, and found ${predicted.length}.`);
  truth.forEach((tags, i) => {
    const found = predicted[i]!.length;
    if (found !== tags.length) throw new BadInput('wrong-length', `sentence ${i + 1}: expected ${tags.length} tags and found ${found}.`);
  });
  const used = mode === 'lenient' ? undefined : (scheme ?? detectScheme(truth) ?? detectScheme(predicted));
  const read = (tags: readonly string[], sentence: number): Entity[] =>
    mode === 'lenient' ? lenientEntities(tags) : used === undefined ? [] : strictEntities(tags, used, sentence);
  return {
    ...countEntities(truth.map(read), predicted.map(read), truth, predicted),
    mode,
    ...(used === undefined ? {} : { scheme: used }),
  };
}

type Tags = readonly (readonly string[])[];

function countEntities(truth: readonly Entity[][], predicted: readonly Entity[][], trueTags: Tags, foundTags: Tags): EntityRows {
  const n = truth.length;
  const types = [...new Set([...truth, ...predicted].flatMap((entities) => entities.map(({ type }) => type)))].sort(byLabelOrder);
  const codeOf = new Map(types.map((type, code) => [type, code]));
  const columns = (): Float64Array[] => types.map(() => new Float64Array(n));
  const counts = { right: columns(), predicted: columns(), truth: columns() };
  const [spansRight, tokens, tokensRight] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const spans = new Map(truth[i]!.map(({ type, start, end }) => [`${start} ${end}`, type]));
    for (const { type } of truth[i]!) counts.truth[codeOf.get(type)!]![i]!++;
    for (const { type, start, end } of predicted[i]!) {
      counts.predicted[codeOf.get(type)!]![i]!++;
      const known = spans.get(`${start} ${end}`);
      if (known !== undefined) spansRight[i]!++;
      if (known === type) counts.right[codeOf.get(type)!]![i]!++;
    }
    tokens[i] = trueTags[i]!.length;
    trueTags[i]!.forEach((tag, at) => {
      if (tag === foundTags[i]![at]) tokensRight[i]!++;
    });
  }
  return entityRowsOf({ mode: 'strict', types, ...counts, spansRight, tokens, tokensRight });
}

function entityRowsOf(columns: Omit<EntityRows, 'task' | 'n' | 'take'>): EntityRows {
  return {
    ...columns,
    task: 'ner',
    n: columns.tokens.length,
    take(positions) {
      const some = (all: readonly Float64Array[]): Float64Array[] => all.map((column) => takeNumbers(column, positions));
      const { right, predicted, truth, spansRight, tokens, tokensRight } = columns;
      return entityRowsOf({
        ...this,
        right: some(right),
        predicted: some(predicted),
        truth: some(truth),
        spansRight: takeNumbers(spansRight, positions),
        tokens: takeNumbers(tokens, positions),
        tokensRight: takeNumbers(tokensRight, positions),
      });
    },
  };
}

type Score = 'precision' | 'recall' | 'f1';
const SCORES: readonly Score[] = ['precision', 'recall', 'f1'];
const TITLES = { precision: 'Precision', recall: 'Recall', f1: 'F1' } as const;

function scoreOf(score: Score, right: number, predicted: number, truth: number): number {
  if (score === 'precision') return right / predicted;
  if (score === 'recall') return right / truth;
  return (2 * right) / (predicted + truth);
}

const metric = (name: string, title: string, sums: SumMetric<EntityRows>['sums']): Metric<EntityRows> =>
  sumMetric({ name, title, better: 'higher', tasks: ['ner'], range: { low: 0, high: 1 }, otherwise: 'zero-denominator', sums });

const whole = (columns: readonly Float64Array[], n: number): Float64Array => {
  const out = new Float64Array(n);
  for (const column of columns) for (let i = 0; i < n; i++) out[i]! += column[i]!;
  return out;
};

/** Exact spans, all types together. */
const micro = (score: Score): Metric<EntityRows> =>
  metric(score === 'f1' ? 'f1_score' : score, `${TITLES[score]} of entities`, ({ right, predicted, truth, n }) => ({
    columns: [whole(right, n), whole(predicted, n), whole(truth, n)],
    of: ([r, p, t]) => scoreOf(score, r!, p!, t!),
  }));

/** Mean over types; a type without denominator counts 0, as in seqeval. */
const averaged = (score: Score, weighted: boolean): Metric<EntityRows> =>
  metric(
    `${score}_${weighted ? 'weighted' : 'macro'}`,
    `${TITLES[score]} of entities (${weighted ? 'weighted' : 'macro'} over types)`,
    (rows) => {
      const k = rows.types.length;
      return {
        columns: [...rows.right, ...rows.predicted, ...rows.truth],
        of(sums) {
          let total = 0;
          let weight = 0;
          for (let type = 0; type < k; type++) {
            const [r, p, t] = [sums[type]!, sums[k + type]!, sums[2 * k + type]!];
            if (p === 0 && t === 0) continue;
            const share = weighted ? t : 1;
            const value = scoreOf(score, r, p, t);
            total += share * (Number.isNaN(value) ? 0 : value);
            weight += share;
          }
          return total / weight;
        },
      };
    },
  );

/** Every metric of a tagger. */
export const entityMetrics: readonly Metric<EntityRows>[] = [
  ...SCORES.map(micro),
  ...SCORES.map((score) => averaged(score, false)),
  ...SCORES.map((score) => averaged(score, true)),
  metric('span_f1', 'F1 of entities, type ignored', ({ spansRight, predicted, truth, n }) => ({
    columns: [spansRight, whole(predicted, n), whole(truth, n)],
    of: ([r, p, t]) => scoreOf('f1', r!, p!, t!),
  })),
  metric('token_accuracy', 'Share of tokens tagged right', ({ tokensRight, tokens }) => ({
    columns: [tokensRight, tokens],
    of: ([right, all]) => right! / all!,
  })),
];
