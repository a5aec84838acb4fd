import { Moments } from './moments.ts';
import { type Numbers, requireFinite } from './numbers.ts';
import { interquartileRange } from './spread.ts';

export type HistogramRule = 'sqrt' | 'sturges' | 'rice' | 'scott' | 'fd' | 'doane' | 'auto';

/** More bins than this say nothing more; spread-out data would ask for millions. */
export const BINS_MAX = 10_000;

interface Sample {
  readonly n: number;
  readonly range: number;
  readonly deviation: number;
  readonly iqr: number;
  readonly skewness: number;
}

/** Bin width of each rule (numpy 2). */
const WIDTHS: Record<HistogramRule, (sample: Sample) => number> = {
  sqrt: ({ range, n }) => range / Math.sqrt(n),
  sturges: ({ range, n }) => range / (Math.log2(n) + 1),
  rice: ({ range, n }) => range / (2 * Math.cbrt(n)),
  scott: ({ n, deviation }) => Math.cbrt((24 * Math.sqrt(Math.PI)) / n) * deviation,
  fd: ({ n, iqr }) => (2 * iqr) / Math.cbrt(n),
  doane: ({ range, n, skewness }) => {
    if (n <= 2 || Number.isNaN(skewness)) return 0;
    const scale = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
    return range / (1 + Math.log2(n) + Math.log2(1 + Math.abs(skewness) / scale));
  },
  auto: (sample) => Math.min(Math.max(WIDTHS.fd(sample), WIDTHS.sqrt(sample) / 2), WIDTHS.sturges(sample)),
};

/**
 * Edges of equal-width bins by a rule: count = ⌈range/width⌉, at most 10,000; the last bin is closed. A constant column has one bin
 * [x - ½, x + ½], an empty one [0, 1].
 */
export function histogramEdges(values: Numbers, rule: HistogramRule = 'auto'): Float64Array {
  requireFinite(values, 'values');
  if (values.length === 0) return Float64Array.of(0, 1);
  let low = values[0]!;
  let high = values[0]!;
  for (let i = 1; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  if (low === high) return Float64Array.of(low - 0.5, high + 0.5);
  const moments = Moments.of(values);
  const sample = {
    n: values.length,
    range: high - low,
    deviation: moments.deviation(0),
    iqr: interquartileRange(values),
    skewness: moments.skewness(),
  };
  const width = WIDTHS[rule](sample);
  const bins = width > 0 ? Math.min(BINS_MAX, Math.max(1, Math.ceil(sample.range / width))) : 1;
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => low + (i * (high - low)) / bins);
  edges[bins] = high;
  return edges;
}
