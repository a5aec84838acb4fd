import type { StageRecord } from '../../kernel/record.ts';
import { markdownCell, markdownCode, markdownText } from '../../report/escape.ts';
import { difference, number } from '../../report/numbers.ts';

/** What a reviewer of a promotion should read: which run asks, how the candidate did against the champion, and its other figures. */
export function reviewText(run: string, evaluation: StageRecord | undefined): string {
  const comparison = evaluation?.comparison;
  const lines = [`Proposed by the run ${markdownCode(run)}.`];
  if (comparison) {
    const judged = [...(comparison.primary ? [comparison.primary] : []), ...comparison.guards];
    lines.push(
      '',
      `Both were judged on the same ${comparison.n} rows of the ${comparison.split} part. ${markdownText(comparison.reason?.text ?? '')}`.trimEnd(),
      '',
      `| measure | candidate | version ${comparison.champion} | difference |`,
      '|---|---|---|---|',
      ...judged.map(
        (each) =>
          `| ${markdownCell(each.metric)} | ${number(each.candidate)} | ${number(each.champion)} | ${markdownCell(each.notComputable ?? difference(each.difference, each.interval))} |`,
      ),
    );
  } else lines.push('', 'There was no champion to compare with: its gates alone decided.');
  return lines.join('\n');
}
