import { spearman } from '../statistics/correlations.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { Random, STREAMS } from '../statistics/random.ts';
import { BadInput } from '../tables/bad-input.ts';
import { byCodePoint } from '../tables/code-point-order.ts';
import { takeNumbers } from './column-checks.ts';
import { type MeanMetric, meanMetric } from './mean-metric.ts';
import type { Metric, Rows } from './metric.ts';

/** Pairs of texts under an embedding: how near each text is to its partner, and at which rank among all candidates. */
export interface EmbeddingRows extends Rows {
  readonly task: 'embedding';
  /** 1 = the partner is the nearest candidate. */
  readonly ranks: Float64Array;
  /** Cosine of each pair; NaN where a vector is 0. */
  readonly cosines: Float64Array;
  /** Cosine of each text with a randomly drawn candidate. */
  readonly randomCosines: Float64Array;
}

export interface EmbeddingInput {
  /** n × dimensions, row by row. */
  readonly texts: Float64Array | Float32Array;
  /** Distinct candidates × dimensions, row by row. */
  readonly candidates: Float64Array | Float32Array;
  /** Id of each candidate: of equal cosines the greater id by UTF-8 bytes comes first. */
  readonly ids: readonly string[];
  /** Each text's true partner, as a place in `candidates`. */
  readonly partners: ArrayLike<number>;
  readonly dimensions: number;
}

export interface EmbeddingOptions {
  readonly seed?: bigint;
  readonly signal?: AbortSignal;
  progress?(share: number): void;
}

/** Ranks every text's partner among all candidates: n × candidates × dimensions steps, giving way every some 20 ms. */
export async function embeddingRows(input: EmbeddingInput, { seed = 0n, signal, progress }: EmbeddingOptions = {}): Promise<EmbeddingRows> {
  const { texts, candidates, ids, partners, dimensions } = input;
  const n = partners.length;
  const m = ids.length;
  if (texts.length !== n * dimensions || candidates.length !== m * dimensions) {
    const found = `${texts.length} and ${candidates.length}`;
    throw new BadInput('wrong-length', `expected ${n} × ${dimensions} and ${m} × ${dimensions} numbers and found ${found}.`);
  }
  if (new Set(ids).size !== m) throw new BadInput('duplicate-document', 'candidates should be distinct; an id occurs twice.');
  const [unitTexts, unitCandidates] = [unitRows(texts, dimensions, 'texts'), unitRows(candidates, dimensions, 'candidates')];
  const idOrder = orderOf(ids);
  const random = Random.of(seed, STREAMS.sampling);
  const out = { ranks: new Float64Array(n), cosines: new Float64Array(n), randomCosines: new Float64Array(n) };
  const rowsAtOnce = Math.max(1, Math.floor(2e7 / (m * dimensions)));
  const cosines = new Float64Array(m);
  for (let i = 0; i < n; i++) {
    if (i % rowsAtOnce === 0) {
      progress?.(i / n);
      await new Promise((resume) => setImmediate(resume));
      signal?.throwIfAborted();
    }
    const partner = partners[i]!;
    if (!(Number.isInteger(partner) && partner >= 0 && partner < m))
      throw new BadInput('unknown-partner', `expected a candidate 0…${m - 1} and found ${partner}.`, { row: i + 1 });
    for (let c = 0; c < m; c++) cosines[c] = dot(unitTexts, i, unitCandidates, c, dimensions);
    const own = cosines[partner]!;
    let before = 0;
    for (let c = 0; c < m; c++) if (cosines[c]! > own || (cosines[c] === own && idOrder[c]! > idOrder[partner]!)) before++;
    out.cosines[i] = own;
    out.ranks[i] = Number.isNaN(own) ? m : before + 1;
    out.randomCosines[i] = cosines[random.below(m)]!;
  }
  return embeddingRowsOf(out);
}

function embeddingRowsOf(columns: Pick<EmbeddingRows, 'ranks' | 'cosines' | 'randomCosines'>): EmbeddingRows {
  return {
    ...columns,
    task: 'embedding',
    n: columns.ranks.length,
    take: (positions) =>
      embeddingRowsOf({
        ranks: takeNumbers(columns.ranks, positions),
        cosines: takeNumbers(columns.cosines, positions),
        randomCosines: takeNumbers(columns.randomCosines, positions),
      }),
  };
}

/** Cosine of two vectors in doubles; NaN when one is 0. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Rank correlation of cosines with graded similarity of the same pairs. */
export function gradedSimilarity(cosines: Float64Array, grades: Float64Array): Estimate {
  const found = spearman(cosines, grades);
  return 'notComputable' in found ? found : { value: found.statistic, n: cosines.length };
}

function unitRows(vectors: Float64Array | Float32Array, width: number, side: string): Float64Array {
  const out = new Float64Array(vectors.length);
  for (let row = 0; row * width < vectors.length; row++) {
    let squares = 0;
    for (let d = 0; d < width; d++) {
      const x = vectors[row * width + d]!;
      if (!Number.isFinite(x)) throw new BadInput('non-finite', `${side}: expected finite numbers and found ${x}.`, { row: row + 1 });
      squares += x * x;
    }
    const length = Math.sqrt(squares);
    for (let d = 0; d < width; d++) out[row * width + d] = vectors[row * width + d]! / length;
  }
  return out;
}

function dot(a: Float64Array, i: number, b: Float64Array, j: number, width: number): number {
  let total = 0;
  for (let d = 0; d < width; d++) total += a[i * width + d]! * b[j * width + d]!;
  return total;
}

function orderOf(ids: readonly string[]): Uint32Array {
  const order = ids.map((_, i) => i).sort((a, b) => byCodePoint(ids[a]!, ids[b]!));
  const place = new Uint32Array(ids.length);
  order.forEach((id, at) => {
    place[id] = at;
  });
  return place;
}

const metric = (
  name: string,
  title: string,
  spec: Pick<MeanMetric<EmbeddingRows>, 'values'> & Partial<MeanMetric<EmbeddingRows>>,
): Metric<EmbeddingRows> => meanMetric({ name, title, better: 'higher', tasks: ['embedding'], range: { low: 0, high: 1 }, ...spec });

const recallAt = (k: number): Metric<EmbeddingRows> =>
  metric(`recall_at_${k}`, `Partner among the nearest ${k}`, {
    share: true,
    values: ({ ranks }) => ranks.map((rank) => Number(rank <= k)),
  });

/** `recall_at_K` for any K from 1 on; undefined for other names. */
export function embeddingMetricAt(name: string): Metric<EmbeddingRows> | undefined {
  const parts = /^recall_at_([1-9][0-9]{0,5})$/.exec(name);
  return parts === null ? undefined : recallAt(Number(parts[1]));
}

const whole = (values: Float64Array): Float64Array | 'zero-denominator' => (values.some(Number.isNaN) ? 'zero-denominator' : values);
const COSINE = { low: -1, high: 1 };

/** Every metric of an embedding. */
export const embeddingMetrics: readonly Metric<EmbeddingRows>[] = [
  recallAt(1),
  recallAt(5),
  recallAt(10),
  metric('mrr', 'Mean reciprocal rank of the partner', { values: ({ ranks }) => ranks.map((rank) => 1 / rank) }),
  metric('cosine', 'Mean cosine of pairs', { range: COSINE, values: ({ cosines }) => whole(cosines) }),
  metric('cosine_random', 'Mean cosine of random pairs', {
    range: COSINE,
    better: 'none',
    values: ({ randomCosines }) => whole(randomCosines),
  }),
  metric('cosine_gap', 'Mean cosine of pairs less that of random pairs', {
    range: { low: -2, high: 2 },
    values: ({ cosines, randomCosines }) => whole(cosines.map((own, i) => own - randomCosines[i]!)),
  }),
];
