import type { Manifest, StageRecord } from '../../kernel/record.ts';
import { markdownCell } from '../../report/escape.ts';

const MARKS = { passed: '✅', skipped: '➖', refused: '❌', errored: '❌', cancelled: '⚠️', submitted: '⏳', running: '⏳' } as const;
const DRIFTED_COLUMNS_MAX = 10;

/** All models of a workflow run on one page: how each run ended, then what has drifted. */
export function overview(runs: readonly Manifest[], missing: number): string {
  const count = (outcome: Manifest['outcome']) => runs.filter((run) => run.outcome === outcome).length;
  const bad = count('refused') + count('errored') + missing;
  const promoted = runs.filter((run) => run.promoted).length;
  const lines = [
    `## ${bad > 0 ? '❌' : '✅'} ${runs.length + missing} models: ${promoted} promoted, ${bad} in trouble`,
    '',
    '| model | outcome | version | in service since this run | why |',
    '|---|---|---|---|---|',
    ...runs.map(
      ({ model, outcome, version, promoted: now, reason }) =>
        `| ${markdownCell(model)} | ${MARKS[outcome]} ${outcome} | ${version ?? ''} | ${now ? 'yes' : ''} | ${markdownCell(reason?.text ?? '')} |`,
    ),
    ...(missing > 0 ? ['', `${missing} more left no record: look at their jobs.`] : []),
    '',
    '### Drift',
    '',
    ...driftLines(runs),
  ];
  return `${lines.join('\n')}\n`;
}

function driftLines(runs: readonly Manifest[]): readonly string[] {
  const measured = runs.flatMap(({ model, records }) => {
    const record = records.find(({ stage }) => stage === 'drift');
    return record?.outcome === 'completed' ? [{ model, record }] : [];
  });
  if (measured.length === 0) return ['No model had new data to compare with what its champion learned from.'];
  return [
    '| model | drifted | share of columns | columns furthest away |',
    '|---|---|---|---|',
    ...measured.map(({ model, record }) => {
      const share = record.outputs.share;
      const shown = typeof share === 'number' ? `${Math.round(share * 100)} %` : '';
      return `| ${markdownCell(model)} | ${record.outputs.drifted === true ? '⚠️ yes' : 'no'} | ${shown} | ${markdownCell(furthest(record))} |`;
    }),
  ];
}

const furthest = ({ metrics }: StageRecord): string =>
  metrics
    .filter(({ column, value }) => column !== undefined && value !== undefined && value > 0)
    .sort((a, b) => b.value! - a.value!)
    .slice(0, DRIFTED_COLUMNS_MAX)
    .map(({ column, value }) => `${column} (${value!.toPrecision(2)})`)
    .join(', ');
