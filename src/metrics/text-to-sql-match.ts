import type { Lexis } from '../sql/dialect.ts';
import { normalTokens } from '../sql/normalise.ts';

export const EXACT_MATCHES = ['normalized', 'string', 'spider'] as const;
export type ExactMatchKind = (typeof EXACT_MATCHES)[number];
export const TOKEN_F1S = ['bag', 'jaccard'] as const;
export type TokenF1Kind = (typeof TOKEN_F1S)[number];

/** White space as Python's `str.strip` sees it: U+001C–1F and U+0085 are, U+FEFF is not. */
const PYTHON_BLANKS = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** Sign by sign from both ends: a pattern for blanks before the end starts anew at each blank of the text. */
function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && PYTHON_BLANKS.test(text[start]!)) start++;
  while (end > start && PYTHON_BLANKS.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}

/** The reference system's exact match: whole texts, stripped, in lower case, literals included. */
export const exactMatchString = (predicted: string, expected: string): 0 | 1 =>
  strip(predicted).toLowerCase() === strip(expected).toLowerCase() ? 1 : 0;

/**
 * The reference system's "token F1": lower case, blanks around `( ) , ;`, split at white space; |P ∩ G| / |P ∪ G| of the two token
 * sets (micro-F1 over both classes of 0/1 vectors over the union is accuracy, and that is the Jaccard index). An expected text without
 * tokens scores 1 whatever was predicted.
 */
export function jaccard(predicted: string, expected: string): number {
  const tokens = (text: string): Set<string> =>
    new Set(
      strip(text.toLowerCase())
        .replace(/[(),;]/g, ' $& ')
        .split(PYTHON_BLANKS)
        .filter((token) => token !== ''),
    );
  const gold = tokens(expected);
  if (gold.size === 0) return 1;
  const ours = tokens(predicted);
  let common = 0;
  for (const token of ours) if (gold.has(token)) common++;
  return common / (gold.size + ours.size - common);
}

export interface TokenScores {
  readonly exactMatchNormalized: 0 | 1;
  /** 2·m/(|P|+|G|), m the size of the multiset intersection of the tokens; both empty 1, one empty 0. */
  readonly tokenF1: number;
}

/** Exact match of the normal forms and F1 of the bags of their tokens. */
export function tokenScores(predicted: string, expected: string, lexis: Lexis): TokenScores {
  const ours = normalTokens(predicted, lexis);
  const gold = normalTokens(expected, lexis);
  const left = new Map<string, number>();
  for (const token of gold) left.set(token, (left.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of ours) {
    const there = left.get(token) ?? 0;
    if (there === 0) continue;
    common++;
    left.set(token, there - 1);
  }
  const total = ours.length + gold.length;
  const same = ours.length === gold.length && ours.every((token, i) => token === gold[i]);
  return { exactMatchNormalized: same ? 1 : 0, tokenF1: total === 0 ? 1 : (2 * common) / total };
}
