import { z } from 'zod';
import { faultOf } from '../../kernel/errors.ts';
import type { Comparison } from '../../kernel/record.ts';
import { findMetric } from '../../metrics/catalogue.ts';
import { compareModels } from '../../metrics/comparison.ts';
import { joinByKey } from '../../metrics/join.ts';
import type { Metric, Rows, Task } from '../../metrics/metric.ts';
import { jsonInput } from '../json-input.ts';
import type { Judged } from '../judged-rows.ts';

interface Question {
  readonly task: Task;
  readonly primary: Metric;
  readonly alpha: number;
  readonly margin: number;
  readonly guards: Readonly<Record<string, number>>;
  readonly test: Judged<Rows>;
  readonly testRows: string | undefined;
  readonly 'champion-predictions'?: string;
  readonly 'champion-problem'?: string;
  readonly 'champion-version'?: number;
  readonly 'left-out'?: string;
  readonly judge: (rows: string | undefined, predictions: string) => Promise<Judged<Rows>>;
  readonly seed: string;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
}

/**
 * Candidate and champion on the same rows, none of which the champion was trained on. Undefined without a champion.
 * A champion that cannot be asked, or was asked about other rows, is `incomparable`: never beaten by default.
 */
export async function compareWithChampion(question: Question): Promise<{ readonly comparison?: Comparison; readonly champion?: Rows }> {
  const version = question['champion-version'];
  if (version === undefined) return {};
  const unable = (code: string, text: string, leftOut = 0) => ({
    comparison: {
      champion: version,
      verdict: 'incomparable',
      reason: { code, text },
      n: 0,
      leftOut,
      split: 'test',
      guards: [],
    } satisfies Comparison as Comparison,
  });

  const predictions = question['champion-predictions'];
  if (predictions === undefined)
    return unable('champion-unusable', question['champion-problem'] ?? `Version ${version} gave no predictions.`);
  let champion: Judged<Rows>;
  try {
    champion = await question.judge(question.testRows, predictions);
  } catch (error) {
    if (faultOf(error) !== 'user') throw error;
    return unable(
      'champion-unusable',
      `The predictions of version ${version} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  const { test } = question;
  const trainedOn = new Set<string>(
    question['left-out'] === undefined
      ? []
      : await jsonInput(question['left-out'], z.array(z.string()), 'the list of keys that prepare-data writes'),
  );
  const joined = joinByKey(test, champion, (key) => trainedOn.has(key));
  if ('incomparable' in joined) return unable(joined.incomparable.code, joined.incomparable.text, joined.leftOut);

  const found = await compareModels({
    primary: question.primary,
    margin: question.margin,
    guards: Object.entries(question.guards).map(([name, margin]) => ({ metric: findMetric(question.task, name), margin })),
    candidate: test.rows.take(joined.candidate),
    champion: champion.rows.take(joined.champion),
    alpha: question.alpha,
    leftOut: joined.leftOut,
    seed: question.seed,
    signal: question.signal,
    progress: question.progress,
  });
  const comparison: Comparison = {
    champion: version,
    verdict: found.verdict,
    ...(found.reason && { reason: found.reason }),
    n: found.n,
    leftOut: found.leftOut,
    split: 'test',
    ...(found.primary && { primary: found.primary }),
    guards: [...found.guards],
  };
  return { comparison, champion: champion.rows };
}
