import { BadInput } from '../bad-input.ts';
import { NumberList } from '../row-keys.ts';
import type { ColumnType } from '../table.ts';
import { fitNumber } from './fit-columns.ts';
import { declared, type Learner } from './learner.ts';
import { readNumbers } from './origin-reader.ts';
import type { Origin } from './preparation.ts';
import type { ColumnSpec, PreparationSpec } from './preparation-schema.ts';

/** A feature of numbers: missing filled, outliers capped, scaled. Holds its values (8 bytes each) until it is finished. */
export function numberLearner(
  name: string,
  from: Origin,
  type: ColumnType,
  spec: PreparationSpec,
  own: ColumnSpec,
  missingWords: readonly string[],
): Learner {
  const parse = type === 'text';
  let values = new NumberList();
  let missing = 0;
  const warnings: string[] = [];
  return {
    name,
    from,
    warnings,
    missingWords,
    reader: (context) => {
      const read = readNumbers(from, parse, { ...context, missing: missingWords });
      return (batch) => {
        for (const value of read(batch)) {
          if (Number.isNaN(value)) missing++;
          else values.push(value);
        }
      };
    },
    bytes: () => 8 * values.length,
    forget: () => {
      values = new NumberList();
      missing = 0;
    },
    finish: () => {
      if (values.length === 0) return 'no value in the training rows';
      const boolean = type === 'boolean';
      const impute = own.impute ?? (boolean ? 'mode' : spec.numeric.impute);
      if (impute === 'category' || (typeof impute === 'object' && typeof impute.constant !== 'number')) {
        throw new BadInput('bad-impute', `columns.${name}.impute: a number column takes median, mean, mode, none or a constant number.`);
      }
      const method = own.outliers ?? (boolean ? 'none' : spec.outliers.method);
      const fitted = fitNumber(values, missing, {
        impute: impute as 'median',
        capFactor: method === 'iqr' ? spec.outliers.factor : undefined,
        scale: own.scale ?? (boolean ? 'none' : spec.numeric.scale),
      });
      values = new NumberList();
      if (fitted.constant && declared(spec, name) === undefined) return 'one value only in the training rows';
      if (fitted.uncapped) warnings.push(`${name}: not capped, for its quartiles are equal and a cap would leave one value.`);
      const { fill, cap, scale } = fitted;
      return {
        kind: 'number',
        name,
        from,
        parse,
        missing: [...missingWords],
        ...(fill !== undefined && { fill }),
        ...(cap && { cap }),
        ...(scale && { scale }),
      };
    },
  };
}
