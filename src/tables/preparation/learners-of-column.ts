import type { ColumnType } from '../table.ts';
import { declared, type Learner } from './learner.ts';
import { numberLearner } from './number-learner.ts';
import type { Origin } from './preparation.ts';
import type { ColumnSpec, PreparationSpec } from './preparation-schema.ts';
import { textLearner } from './text-learner.ts';

/** What is learned of a column of the table: one feature, or the parts of its dates. */
export function learnersOfColumn(name: string, type: ColumnType, spec: PreparationSpec): Learner[] {
  const own = declared(spec, name) ?? {};
  if ((type === 'date' || type === 'timestamp') && own.encode === undefined && own.type !== 'number') {
    const parts = (own.parts ?? spec.dates.parts).filter((part) => part !== 'hour' || type === 'timestamp');
    return parts.map((part) =>
      learnerOf(
        `${name}.${part}`,
        { kind: 'date-part', column: name, part },
        part === 'is_weekend' ? 'boolean' : 'number',
        spec,
        declared(spec, `${name}.${part}`) ?? own,
      ),
    );
  }
  return [learnerOf(name, { kind: 'column', column: name }, type, spec)];
}

/** What is learned of one origin, a column or an expression, by what is declared under its name. */
export function learnerOf(
  name: string,
  from: Origin,
  type: ColumnType,
  spec: PreparationSpec,
  own: ColumnSpec = declared(spec, name) ?? {},
): Learner {
  const missingWords = [...new Set([...spec.missing, ...(own.missing ?? [])])];
  const categories =
    own.type !== 'number' && (type === 'text' || own.type === 'text' || own.encode !== undefined || own.order !== undefined);
  if (own.encode === 'drop') return droppedLearner(name, from, 'encode: drop');
  return categories
    ? textLearner(name, from, spec, own, missingWords, type === 'text')
    : numberLearner(name, from, type, spec, own, missingWords);
}

function droppedLearner(name: string, from: Origin, reason: string): Learner {
  return { name, from, warnings: [], missingWords: [], reader: () => () => {}, bytes: () => 0, forget: () => {}, finish: () => reason };
}
