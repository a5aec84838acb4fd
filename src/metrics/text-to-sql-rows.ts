import { type Dialect, lexisOf } from '../sql/dialect.ts';
import { evaluateSpider, type SpiderVerdict } from '../sql/spider/evaluate.ts';
import type { SpiderSchema } from '../sql/spider/schema.ts';
import { BadInput } from '../tables/bad-input.ts';
import type { Rows } from './metric.ts';
import type { ExecutionScore } from './text-to-sql-execution.ts';
import { type ExactMatchKind, exactMatchString, jaccard, type TokenF1Kind, tokenScores } from './text-to-sql-match.ts';

/** One question with its expected and its predicted SQL. A missing prediction is an empty text, and counted. */
export interface TextToSqlPair {
  readonly expected: string;
  readonly predicted: string;
}

/** Every row's score of each kind; NaN where a row has none (execution that could not be compared). */
export interface TextToSqlScores {
  readonly exactMatchString: Float64Array;
  readonly exactMatchNormalized: Float64Array;
  readonly exactMatchSpider?: Float64Array;
  readonly tokenF1: Float64Array;
  readonly jaccard: Float64Array;
  readonly execution?: Float64Array;
}

/** Which kind the names `exact_match` and `f1_score` stand for. */
export interface ChosenKinds {
  readonly exactMatch: ExactMatchKind;
  readonly tokenF1: TokenF1Kind;
}

export interface ScoreOptions extends Partial<ChosenKinds> {
  /** Whose lexical rules cut the texts into tokens; SQLite's by default. */
  readonly dialect?: Dialect;
  /** Each row's schema, for `exact-match: spider`. */
  readonly schemaOf?: (row: number) => SpiderSchema | undefined;
  readonly execution?: readonly ExecutionScore[];
}

/** Scored rows of one model, ready for the metrics of {@link textToSqlMetrics}. */
export class TextToSqlRows implements Rows {
  readonly task = 'text-to-sql';
  readonly n: number;
  readonly scores: TextToSqlScores;
  readonly chosen: ChosenKinds;

  constructor(scores: TextToSqlScores, chosen: ChosenKinds) {
    this.n = scores.tokenF1.length;
    this.scores = scores;
    this.chosen = chosen;
  }

  take(positions: Uint32Array): this {
    const some = (values: Float64Array): Float64Array => Float64Array.from(positions, (at) => values[at]!);
    const scores = Object.fromEntries(
      Object.entries(this.scores).map(([name, values]: [string, Float64Array | undefined]) => [name, values && some(values)]),
    );
    return new TextToSqlRows(scores as unknown as TextToSqlScores, this.chosen) as this;
  }

  /** Scores of the kind that `exact_match` stands for. */
  get exactMatch(): Float64Array {
    const { exactMatch } = this.chosen;
    if (exactMatch === 'string') return this.scores.exactMatchString;
    return exactMatch === 'spider' ? this.scores.exactMatchSpider! : this.scores.exactMatchNormalized;
  }

  /** Scores of the kind that `f1_score` stands for. */
  get f1(): Float64Array {
    return this.chosen.tokenF1 === 'jaccard' ? this.scores.jaccard : this.scores.tokenF1;
  }
}

/**
 * Scores every row by every kind that can be had.
 * @throws BadInput `exact-match: spider` without schemas, or with an expected query outside Spider's grammar (the official script stops
 * there; here the row is named).
 */
export function scoreTextToSql(pairs: readonly TextToSqlPair[], options: ScoreOptions = {}): TextToSqlRows {
  const n = pairs.length;
  const lexis = lexisOf(options.dialect ?? 'sqlite');
  const chosen: ChosenKinds = { exactMatch: options.exactMatch ?? 'normalized', tokenF1: options.tokenF1 ?? 'bag' };
  const scores = {
    exactMatchString: new Float64Array(n),
    exactMatchNormalized: new Float64Array(n),
    tokenF1: new Float64Array(n),
    jaccard: new Float64Array(n),
  };
  for (const [row, { expected, predicted }] of pairs.entries()) {
    const tokens = tokenScores(predicted, expected, lexis);
    scores.exactMatchString[row] = exactMatchString(predicted, expected);
    scores.exactMatchNormalized[row] = tokens.exactMatchNormalized;
    scores.tokenF1[row] = tokens.tokenF1;
    scores.jaccard[row] = jaccard(predicted, expected);
  }
  const spider = chosen.exactMatch === 'spider' ? { exactMatchSpider: spiderScores(pairs, options.schemaOf) } : {};
  const execution = options.execution ? { execution: Float64Array.from(options.execution, ({ score }) => score ?? Number.NaN) } : {};
  return new TextToSqlRows({ ...scores, ...spider, ...execution }, chosen);
}

function spiderScores(pairs: readonly TextToSqlPair[], schemaOf: ScoreOptions['schemaOf']): Float64Array {
  return Float64Array.from(spiderVerdicts(pairs, schemaOf), (verdict, row) => {
    if ('goldUnreadable' in verdict)
      throw new BadInput(
        'spider-gold',
        `the expected query is outside Spider's grammar (${verdict.goldUnreadable}): ${pairs[row]!.expected.slice(0, 120)}`,
        { row: row + 1 },
        'Use `evaluate.exact-match: normalized`, or leave the row out.',
      );
    return verdict.exact;
  });
}

/** The official evaluator's verdict of every row, with its ten components. */
export function spiderVerdicts(pairs: readonly TextToSqlPair[], schemaOf: ScoreOptions['schemaOf']): SpiderVerdict[] {
  return pairs.map(({ expected, predicted }, row) => {
    const schema = schemaOf?.(row);
    if (!schema)
      throw new BadInput(
        'spider-schema',
        'no schema for this row; exact set match needs one.',
        { row: row + 1 },
        "Give Spider's tables.json and a `db_id` column.",
      );
    return evaluateSpider(predicted, expected, schema);
  });
}
