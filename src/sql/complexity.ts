import type { Features } from './features.ts';

/** From the simplest to the hardest; the labels of public text-to-SQL data, plus what no parser could read. */
export const STRUCTURE_BUCKETS = [
  'basic SQL',
  'aggregation',
  'single join',
  'multiple_joins',
  'subqueries',
  'set operations',
  'CTEs',
  'window functions',
  'unparsed',
] as const;
export type StructureBucket = (typeof STRUCTURE_BUCKETS)[number];

/** The first bucket that applies, from the hardest down; `unparsed` without features. */
export function structureBucket(features: Features | undefined): StructureBucket {
  if (!features) return 'unparsed';
  if (features.windows > 0) return 'window functions';
  if (features.ctes > 0) return 'CTEs';
  if (features.setOperations > 0) return 'set operations';
  if (features.subqueries > 0) return 'subqueries';
  if (features.joins >= 2) return 'multiple_joins';
  if (features.joins === 1) return 'single join';
  if (features.aggregates > 0 || features.grouped > 0) return 'aggregation';
  return 'basic SQL';
}

export type ComplexityGroup = 'simple' | 'complex';

const SIMPLE: ReadonlySet<string> = new Set(['basic SQL', 'aggregation', 'single join', 'easy', 'medium']);
const KNOWN: ReadonlySet<string> = new Set([...STRUCTURE_BUCKETS, 'easy', 'medium', 'hard', 'extra']);

/** Groups of a label's two sides; a label of neither list belongs to no group. */
export interface ComplexityGroups {
  readonly simple: readonly string[];
  readonly complex: readonly string[];
}

/**
 * Simple or complex? With `groups` only these labels count; without, the labels of D6 do: `basic SQL`, `aggregation`, `single join`,
 * `easy`, `medium` are simple, the other known ones complex. Undefined for any other label: then only buckets can be reported.
 */
export function complexityGroup(label: string, groups?: ComplexityGroups): ComplexityGroup | undefined {
  if (groups) return groups.simple.includes(label) ? 'simple' : groups.complex.includes(label) ? 'complex' : undefined;
  if (!KNOWN.has(label) || label === 'unparsed') return undefined;
  return SIMPLE.has(label) ? 'simple' : 'complex';
}
