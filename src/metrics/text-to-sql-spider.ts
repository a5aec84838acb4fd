import type { SpiderVerdict } from '../sql/spider/evaluate.ts';
import { SPIDER_COMPONENTS, type SpiderComponent, type SpiderHardness } from '../sql/spider/match.ts';

export const SPIDER_LEVELS = ['easy', 'medium', 'hard', 'extra', 'all'] as const;

/** How well one part of the queries of one level was met. */
export interface SpiderComponentScores {
  readonly component: SpiderComponent;
  readonly level: SpiderHardness | 'all';
  /** Rows of the level. */
  readonly rows: number;
  /** Share of rows met among those whose prediction has the component. */
  readonly precision: number;
  /** Share of rows met among those whose expected query has it. */
  readonly recall: number;
  /** Of these two; 1 if both are 0, as the official script has it. */
  readonly f1: number;
}

/** Precision, recall and F1 of Spider's ten components by level of hardness, as the official script prints them. */
export function spiderComponents(verdicts: readonly SpiderVerdict[]): SpiderComponentScores[] {
  const scored = verdicts.filter((verdict) => 'exact' in verdict);
  return SPIDER_LEVELS.flatMap((level) => {
    const rows = level === 'all' ? scored : scored.filter(({ hardness }) => hardness === level);
    return SPIDER_COMPONENTS.map((component) => {
      const scores = rows.map(({ components }) => components[component]);
      const precision = met(scores.filter(({ predicted }) => predicted > 0));
      const recall = met(scores.filter(({ expected }) => expected > 0));
      const f1 = precision + recall === 0 ? 1 : (2 * precision * recall) / (precision + recall);
      return { component, level, rows: rows.length, precision, recall, f1 };
    });
  });
}

const met = (scores: readonly { readonly score: number }[]): number =>
  scores.length === 0 ? 0 : scores.reduce((sum, { score }) => sum + score, 0) / scores.length;
