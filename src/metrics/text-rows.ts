import { BadInput } from '../tables/bad-input.ts';
import type { Rows } from './metric.ts';

/** Texts written by a model and what they should say: any number of references each, the same number for all. */
export interface TextRows extends Rows {
  readonly task: 'text';
  readonly hypotheses: readonly string[];
  readonly references: readonly (readonly string[])[];
}

/** Checks that every text has its references. */
export function textRows({ hypotheses, references }: Pick<TextRows, 'hypotheses' | 'references'>): TextRows {
  if (hypotheses.length !== references.length)
    throw new BadInput('wrong-length', `expected ${references.length} texts, as there are references, and found ${hypotheses.length}.`);
  references.forEach((texts, i) => {
    if (texts.length === 0) throw new BadInput('no-reference', 'expected at least one reference text and found none.', { row: i + 1 });
  });
  return {
    task: 'text',
    n: hypotheses.length,
    hypotheses,
    references,
    take: (positions) =>
      textRows({ hypotheses: Array.from(positions, (at) => hypotheses[at]!), references: Array.from(positions, (at) => references[at]!) }),
  };
}

/** How often each run of `order` parts occurs. */
export function countGrams(parts: readonly string[], order: number): Map<string, number> {
  const out = new Map<string, number>();
  for (let i = 0; i + order <= parts.length; i++) {
    const gram = parts.slice(i, i + order).join('\u0000');
    out.set(gram, (out.get(gram) ?? 0) + 1);
  }
  return out;
}
