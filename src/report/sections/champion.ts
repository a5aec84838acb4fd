import { type Block, type Cell, cell, columnsOf, type Section, type Tone } from '../document.ts';
import { marksFor } from '../marks.ts';
import { count, difference, number, plural, pValue } from '../numbers.ts';
import { comparisonOf, type MetricComparison, type Run } from '../run.ts';

export function comparison(run: Run): Section {
  const found = comparisonOf(run);
  const section = { id: 'champion', title: 'Candidate against champion', weight: 'essential' as const };
  if (!found) return { ...section, blocks: [] };
  const judged = [
    ...(found.primary ? [{ each: found.primary, role: 'primary' }] : []),
    ...found.guards.map((each) => ({ each, role: 'guard' })),
  ];
  const marks = marksFor(
    judged.map(({ each }) => ({
      value: each.difference,
      low: each.interval?.low,
      high: each.interval?.high,
      reference: each.margin > 0 ? -each.margin : 0,
    })),
  );
  const blocks: Block[] = [
    {
      kind: 'text',
      tone: found.verdict === 'better' ? 'good' : 'unsure',
      text:
        found.reason?.text ??
        (found.verdict === 'better' ? `Better than version ${found.champion} beyond noise.` : `Not better than version ${found.champion}.`),
    },
    {
      kind: 'text',
      text: `Both were judged on the same ${plural(found.n, 'row')} of the ${found.split} part; ${found.leftOut === 0 ? 'version' : `${plural(found.leftOut, 'row')} that version`} ${found.champion} ${found.leftOut === 0 ? 'was trained on none of them' : 'was trained on were left out'}.`,
    },
  ];
  if (judged.length > 0) {
    const columns = columnsOf(
      'Measure',
      'Role',
      '#Candidate',
      `#Champion (version ${found.champion})`,
      '#Difference (more is better)',
      'Test',
      'Verdict',
    );
    blocks.push({
      kind: 'table',
      caption: 'Candidate and champion on the same rows',
      columns,
      rows: judged.map(({ each, role }, index) => comparisonRow(each, role, marks[index])),
    });
    for (const { each } of judged) {
      if (each.smallestVisible === undefined) continue;
      blocks.push({
        kind: 'text',
        text: `The smallest difference in ${each.metric} that this many rows would have shown (power 80 %) is ${number(each.smallestVisible)}.`,
      });
    }
  }
  return { ...section, blocks };
}

const COMPARED: Readonly<Record<MetricComparison['verdict'], Tone>> = {
  better: 'good',
  'not-worse': 'good',
  'not-better': 'unsure',
  worse: 'bad',
  incomparable: 'unsure',
};

function comparisonRow(each: MetricComparison, role: string, mark: Cell['mark']): readonly Cell[] {
  const test = [
    each.test,
    each.p === undefined ? undefined : pValue(each.p),
    discordantText(each),
    each.few && `exact ${pValue(each.few.exactP)}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
  return [
    cell(each.metric),
    cell(role === 'guard' && each.margin > 0 ? `guard (may lose ${each.margin})` : role),
    cell(number(each.candidate)),
    cell(number(each.champion)),
    cell(each.notComputable ?? difference(each.difference, each.interval), { mark: each.notComputable === undefined ? mark : undefined }),
    cell(test || '–'),
    cell(each.verdict.replace('-', ' '), { tone: COMPARED[each.verdict] }),
  ];
}

function discordantText({ discordant }: MetricComparison): string | undefined {
  return discordant && `only the candidate right ${count(discordant.candidateOnly)}, only the champion ${count(discordant.championOnly)}`;
}
