import { byLabelOrder } from '../../metrics/labels.ts';
import type { Target, Task } from '../../pipeline/shared-keys.ts';
import { BadInput } from '../../tables/bad-input.ts';
import { cellText, columnIndex } from '../../tables/row-keys.ts';
import { rowPlace } from '../../tables/row-place.ts';
import type { Split } from '../../tables/split.ts';
import type { Table } from '../../tables/table.ts';

// More labels than this are no classes; a number column or a key was named as target.
const CLASSES_MAX = 1_000;

type RowPlace = ReturnType<typeof rowPlace>;

export interface TargetClasses {
  readonly classes?: readonly string[];
  readonly positive?: string;
}

/**
 * The classes of a classification task, from the whole table, so that no part can meet a label the model does not know.
 * Throws `BadInput`: `unknown-column`, `missing-target` (with its row), `one-class`, `third-value`, `no-positive`, `unknown-class`, `too-many-classes`, `not-a-number`.
 */
export async function targetClasses(
  table: Table,
  split: Split,
  { task, target }: { readonly task: Task; readonly target: Target },
  signal: AbortSignal,
): Promise<TargetClasses> {
  const field = table.schema[columnIndex(table.schema, target.column, table.name)]!;
  const place = (at?: RowPlace) => ({ file: table.name, ...at, column: target.column });
  const counts = new Map<string, { rows: number; first: RowPlace; trained: boolean }>();
  const train = split.parts.indexOf('train');
  for await (const batch of table.batches({ columns: [target.column], signal })) {
    for (let row = 0; row < batch.rows; row++) {
      const label = cellText(batch.columns[0]!, field, row);
      if (label === undefined)
        throw new BadInput(
          'missing-target',
          'expected a value of the target, found none.',
          place(rowPlace(batch, row, table.name)),
          'Drop such rows, or give them a value.',
        );
      if (task !== 'classification' && task !== 'text-classification') continue;
      const known = counts.get(label);
      if (known) known.rows++;
      else counts.set(label, { rows: 1, first: rowPlace(batch, row, table.name), trained: false });
      if (split.partOf[batch.firstRow + row] === train) counts.get(label)!.trained = true;
      if (counts.size > CLASSES_MAX)
        throw new BadInput(
          'too-many-classes',
          `found more than ${CLASSES_MAX} different labels: is this the target of a classification?`,
          place(),
          'For numbers use task: regression.',
        );
    }
  }
  if (task === 'regression' && field.type === 'text')
    throw new BadInput('not-a-number', 'expected a number column as target of a regression, found text.', place());
  if (task !== 'classification' && task !== 'text-classification') return {};
  return checkedClasses(counts, target, place);
}

function checkedClasses(
  counts: ReadonlyMap<string, { readonly rows: number; readonly first: RowPlace; readonly trained: boolean }>,
  target: Target,
  place: (at?: RowPlace) => { readonly file: string; readonly column: string; readonly row?: number },
): TargetClasses {
  const labels = [...counts.keys()].sort(byLabelOrder);
  const list = labels
    .slice(0, 5)
    .map((label) => `"${label}" (${counts.get(label)!.rows})`)
    .join(', ');
  if (labels.length < 2)
    throw new BadInput(
      'one-class',
      `expected at least two classes, found only ${list || 'none'}.`,
      place(),
      'A model needs examples of each class to learn from.',
    );
  if (target.positive !== undefined && !counts.has(target.positive)) {
    throw new BadInput(
      'no-positive',
      `target.positive is "${target.positive}", but the labels found are ${list}.`,
      place(),
      'Name one of them.',
    );
  }
  if (target.positive !== undefined && labels.length > 2 && target.classes === undefined) {
    const odd = labels.reduce((rarest, label) => (counts.get(label)!.rows < counts.get(rarest)!.rows ? label : rarest));
    throw new BadInput(
      'third-value',
      `expected two classes, because target.positive is set; found ${labels.length}: ${list}; "${odd}" first here.`,
      place(counts.get(odd)!.first),
      'Mend the value, or leave out target.positive for a task with more classes.',
    );
  }
  if (target.positive === undefined && labels.length === 2) {
    throw new BadInput(
      'no-positive',
      `two classes were found (${list}), and target.positive does not say which one is positive.`,
      place(),
      `Write target: { column: ${target.column}, positive: "${labels[1]}" }.`,
    );
  }
  const stranger = target.classes && labels.find((label) => !target.classes!.includes(label));
  if (stranger !== undefined)
    throw new BadInput(
      'unknown-class',
      `expected one of target.classes (${target.classes!.join(', ')}), found "${stranger}".`,
      place(counts.get(stranger)!.first),
      'Mend the value, or declare the class.',
    );
  const unlearned = labels.find((label) => !counts.get(label)!.trained);
  if (unlearned !== undefined)
    throw new BadInput(
      'class-without-rows',
      `the class "${unlearned}" has no row in the training part.`,
      place(counts.get(unlearned)!.first),
      'Get more rows of it, or use prepare-data.split.method: stratified.',
    );
  return { classes: target.classes ?? labels, ...(target.positive !== undefined && { positive: target.positive }) };
}
