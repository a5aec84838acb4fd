import { type Block, cell, columnsOf, type Section } from '../document.ts';
import { recordCell, tableBlocks, valueText } from '../from-records.ts';
import { marksFor } from '../marks.ts';
import { algorithmScores, type Run, recordOf } from '../run.ts';

/** The table that `train` leaves of its algorithms, and its columns that the scores tell already. */
const OWN_TABLE = 'algorithms';
const TOLD: readonly string[] = ['algorithm', 'metric', 'mean', 'chosen'];

export function algorithms(run: Run): Section {
  const scores = algorithmScores(run);
  const names = [...new Set(scores.flatMap((score) => score.metrics.map(({ name }) => name)))];
  const section = { id: 'algorithms', title: 'Algorithms', weight: 'useful' as const };
  const blocks: Block[] = [];
  const train = recordOf(run, 'train');
  // One table tells both: the scores as figures with marks, and what the stage's own table knows beyond them.
  const own = train?.tables.find(({ name }) => name === OWN_TABLE);
  const extra = (own?.columns ?? []).map((title, at) => ({ title, at })).filter(({ title }) => !TOLD.includes(title));
  if (scores.length > 0) {
    const marks = new Map(
      names.map((name) => {
        const column = scores.map((score) => score.metrics.find((metric) => metric.name === name));
        return [
          name,
          marksFor(column.map((metric) => ({ value: metric?.value, low: metric?.interval?.low, high: metric?.interval?.high }))),
        ];
      }),
    );
    const rows = scores.map((score, index) => [
      cell(score.algorithm),
      ...names.map((name) => {
        const metric = score.metrics.find((each) => each.name === name);
        return metric ? cell(valueText(metric), { mark: marks.get(name)?.[index] }) : cell('–');
      }),
      ...extra.map(({ at }) => recordCell(own?.rows.find(([algorithm]) => algorithm === score.algorithm)?.[at] ?? null)),
      cell(score.winner ? '✓ winner' : '', { tone: score.winner ? 'good' : undefined }),
    ]);
    const splits = [...new Set(scores.flatMap((score) => score.metrics.flatMap(({ split }) => split ?? [])))];
    const caption = `Scores inside the training part${splits.length === 0 ? '' : ` (${splits.join(', ')})`}; the test part was not looked at to choose`;
    const honest = train?.inputs.select === 'test' ? 'Scores of the algorithms' : caption;
    blocks.push({
      kind: 'table',
      caption: honest,
      columns: columnsOf('Algorithm', ...names.map((name) => `#${name}`), ...extra.map(({ title }) => `#${title}`), 'Choice'),
      rows,
    });
  }
  if (train) blocks.push(...tableBlocks(train, scores.length > 0 ? [OWN_TABLE] : []));
  return { ...section, blocks };
}
