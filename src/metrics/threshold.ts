import { BadInput } from '../tables/bad-input.ts';
import type { Direction } from './metric.ts';

export type Operator = '>=' | '>' | '<=' | '<';

/** A limit on a figure, with the operator it was written with. */
export interface Threshold {
  readonly operator: Operator;
  /** Percentages as fractions: `85 %` is 0.85. */
  readonly limit: number;
  /** As the user wrote it, or `>= 0.85` for a bare number. */
  readonly text: string;
}

const OPERATORS: Readonly<Record<string, Operator>> = { '>=': '>=', '≥': '>=', '>': '>', '<=': '<=', '≤': '<=', '<': '<' };
const FORM = /^(>=|<=|≥|≤|>|<)?\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%)?$/i;

/**
 * Reads `>= 0.85`, `< 0.10`, `> 90`, `>= 85 %` or a bare number, which means `>=` where more is better and `<=` where less is.
 * Anything else is a `BadInput`; so is a bare number for a figure without a direction.
 */
export function parseThreshold(written: string | number, better: Direction = 'higher', subject = 'The threshold'): Threshold {
  const text = String(written).trim();
  const found = FORM.exec(text);
  const number = found === null ? Number.NaN : Number(found[2]);
  if (found === null || !Number.isFinite(number)) {
    throw new BadInput(
      'bad-threshold',
      `${subject} should be an operator (>=, >, <= or <) and a number, such as ">= 0.85" or ">= 85 %"; found ${JSON.stringify(written)}.`,
    );
  }
  if (found[1] === undefined && better === 'none')
    throw new BadInput(
      'bad-threshold',
      `${subject} needs an operator (>=, >, <= or <): the figure has no better direction; found ${JSON.stringify(written)}.`,
    );
  const operator = found[1] === undefined ? (better === 'lower' ? '<=' : '>=') : OPERATORS[found[1]]!;
  const limit = found[3] === undefined ? number : asFraction(found[2]!);
  return { operator, limit, text: found[1] === undefined ? `${operator} ${text}` : text };
}

/** Whether a value meets a threshold. */
export function meets(value: number, { operator, limit }: Pick<Threshold, 'operator' | 'limit'>): boolean {
  switch (operator) {
    case '>=':
      return value >= limit;
    case '>':
      return value > limit;
    case '<=':
      return value <= limit;
    case '<':
      return value < limit;
  }
}

/** Moves the decimal point instead of dividing: 58.7 % must be the double of 0.587, and 58.7/100 need not be. */
function asFraction(digits: string): number {
  const [mantissa, exponent = '0'] = digits.toLowerCase().split('e');
  return Number(`${mantissa}e${Number(exponent) - 2}`);
}
