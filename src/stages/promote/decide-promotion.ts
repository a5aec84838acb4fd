import type { StageRecord } from '../../kernel/record.ts';
import { failed, incomparable, passed, skipped, type Verdict } from '../../kernel/verdict.ts';
import { metricNamed } from '../../metrics/catalogue.ts';
import { judge } from '../../metrics/gates.ts';
import { parseThreshold } from '../../metrics/threshold.ts';

interface Question {
  readonly version: number;
  readonly champion: number | undefined;
  readonly when: 'significant' | 'threshold-only' | 'never';
  readonly gates: Readonly<Record<string, string | number>>;
  readonly evaluation: StageRecord | undefined;
}

/**
 * May the candidate become champion? Its own gates first; then, against a champion, the comparison made by `evaluate`.
 * Without a champion the gates alone decide. What cannot be compared is never promoted.
 */
export function decidePromotion({ version, champion, when, gates, evaluation }: Question): Verdict {
  if (when === 'never') return skipped('never', `promote.when is never: version ${version} is registered and waits.`);
  if (champion === version) return passed;

  const missed = missedGate(gates, evaluation);
  if (missed) return missed;
  if (champion === undefined || when === 'threshold-only') return passed;

  const comparison = evaluation?.comparison;
  if (!comparison) return incomparable('no-comparison', `Version ${version} was not compared with the champion, version ${champion}.`);
  if (comparison.champion !== champion) {
    return incomparable(
      'champion-moved',
      `Version ${version} was compared with version ${comparison.champion}, but version ${champion} is champion now. Run again to compare with it.`,
    );
  }
  switch (comparison.verdict) {
    case 'better':
      return passed;
    case 'not-better':
      return skipped('not-better', comparison.reason?.text ?? `Version ${version} is not better than version ${champion} beyond noise.`);
    default:
      return incomparable(
        comparison.reason?.code ?? 'incomparable',
        comparison.reason?.text ?? `Version ${version} could not be compared with version ${champion}.`,
      );
  }
}

function missedGate(gates: Question['gates'], evaluation: StageRecord | undefined): Verdict | undefined {
  for (const [name, threshold] of Object.entries(gates)) {
    const measured = evaluation?.metrics.find(
      (metric) => metric.name === name && metric.slice === undefined && metric.model === undefined && (metric.split ?? 'test') === 'test',
    );
    if (!measured || measured.value === undefined) return failed('gate-missed', `promote.gates.${name}: evaluate did not measure ${name}.`);
    const { verdict, reason } = judge(
      parseThreshold(threshold, metricNamed(name).better, `promote.gates.${name}`),
      { value: measured.value, n: measured.n },
      'point',
    );
    if (verdict !== 'passed') return skipped('promotion-gate', `promote.gates.${name}: ${reason?.text ?? threshold}`);
  }
  return undefined;
}
