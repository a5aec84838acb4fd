import { BadInput } from '../bad-input.ts';
import { byCodePoint } from '../code-point-order.ts';
import { fitCodes, TextCounts } from './fit-columns.ts';
import { declared, type Learner } from './learner.ts';
import { readTexts } from './origin-reader.ts';
import type { Origin } from './preparation.ts';
import type { ColumnSpec, PreparationSpec } from './preparation-schema.ts';

/** Different texts counted per column; far above any sensible number of categories. */
const TEXTS_MAX = 100_000;
const CATEGORIES_MAX = 10_000;
const MISSING_CATEGORY = '(missing)';

/** A feature of categories: missing filled, then one-hot, ordinal or by frequency. */
export function textLearner(
  name: string,
  from: Origin,
  spec: PreparationSpec,
  own: ColumnSpec,
  missingWords: readonly string[],
  isText: boolean,
): Learner {
  const texts = new TextCounts(TEXTS_MAX);
  const warnings: string[] = [];
  return {
    name,
    from,
    warnings,
    missingWords,
    reader: (context) => {
      const read = readTexts(from, { ...context, missing: missingWords });
      return (batch) => {
        const { codes, dictionary } = read(batch);
        texts.add(codes, dictionary);
      };
    },
    bytes: () => 0,
    forget: () => {},
    finish: () => {
      if (texts.present === 0) return 'no value in the training rows';
      const impute = own.impute ?? spec.categorical.impute;
      if (impute === 'median' || impute === 'mean') {
        throw new BadInput(
          'bad-impute',
          `columns.${name}.impute: a text column takes mode, category, none or a constant.`,
          {},
          `If "${name}" holds numbers, declare \`columns.${name}.type: number\`.`,
        );
      }
      const chosen = own.encode !== undefined || own.order !== undefined;
      if (isText && own.type !== 'text' && !chosen) warnings.push(...looksNumeric(name, texts));
      const fill =
        impute === 'none'
          ? undefined
          : impute === 'mode'
            ? texts.mode()
            : impute === 'category'
              ? MISSING_CATEGORY
              : String(impute.constant);
      const encoding = own.encode ?? (own.order ? 'ordinal' : spec.categorical.encode);
      if (encoding === 'drop') return 'encode: drop';
      const limit = chosen ? CATEGORIES_MAX : spec.categorical['max-categories'];
      if (texts.overflowed || texts.counts.size > limit) {
        const found = texts.overflowed ? `more than ${TEXTS_MAX}` : String(texts.counts.size);
        if (chosen)
          throw new BadInput('too-many-categories', `"${name}" has ${found} different texts; at most ${limit} can be categories.`);
        warnings.push(
          `${name}: left out, ${found} different texts in ${texts.present} rows (more than ${limit}). Declare \`columns.${name}.encode: frequency\` or \`one-hot\`, raise \`categorical.max-categories\`, or list it under \`drop\`.`,
        );
        return `${found} different texts, more than ${limit}`;
      }
      const counts = new Map(texts.counts);
      if (fill !== undefined && texts.missing > 0) counts.set(fill, (counts.get(fill) ?? 0) + texts.missing);
      if (counts.size === 1 && !(fill === undefined && texts.missing > 0) && declared(spec, name) === undefined)
        return 'one value only in the training rows';
      const common = { name, from, missing: [...missingWords], ...(fill !== undefined && { fill }) };
      const sorted = [...counts.keys()].sort(byCodePoint);
      if (encoding === 'one-hot') return { kind: 'one-hot', ...common, categories: sorted };
      const ordered = encoding === 'ordinal' && own.order ? [...own.order] : sorted;
      const stranger = sorted.find((text) => !ordered.includes(text));
      if (stranger !== undefined)
        throw new BadInput('unknown-category', `columns.${name}.order lacks "${stranger}", which is in the training rows.`);
      const total = texts.present + (fill === undefined ? 0 : texts.missing);
      const values = ordered.map((text, place) => (encoding === 'ordinal' ? place : counts.get(text)! / total));
      const scale = fitCodes(
        values,
        ordered.map((text) => counts.get(text) ?? 0),
        own.scale ?? spec.numeric.scale,
      );
      return { kind: 'coded', ...common, encoding, categories: ordered, values, ...(scale && { scale }) };
    },
  };
}

const SPELLS_A_NUMBER = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;

/** A text column nearly all of whose values are numbers is a number column with words for missing in it. */
function looksNumeric(name: string, texts: TextCounts): readonly string[] {
  const others = [...texts.counts].filter(([text]) => !SPELLS_A_NUMBER.test(text));
  const numbers = texts.counts.size - others.length;
  if (numbers < 10 || others.length === 0 || numbers < 0.9 * texts.counts.size) return [];
  const shown = others
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([text, count]) => `${JSON.stringify(text)} (${count} row${count === 1 ? '' : 's'})`);
  return [
    `${name}: read as text, but ${numbers} of its ${texts.counts.size} different values are numbers; the others: ${shown.join(', ')}. If these mean missing, declare \`columns.${name}: { type: number, missing: [${others
      .slice(0, 5)
      .map(([text]) => JSON.stringify(text))
      .join(', ')}] }\`.`,
  ];
}
