/** What the bytes of a field are, as a number. */
export type DecimalKind = 'integer' | 'number' | 'leading-zero' | 'too-large' | 'none';

const DECIMAL = /^[+-]?(?:\d+(\.\d*)?|(\.\d+))([eE][+-]?\d+)?$/;

/**
 * Decimal syntax only: no hex, `_`, decimal comma, blanks, `1e`. A leading zero (`007`) and an integer beyond 2^53 are told apart,
 * because reading them as numbers would lose something; so is a literal beyond the range of doubles.
 */
export function decimalKind(text: string): DecimalKind {
  const found = DECIMAL.exec(text);
  if (found === null) return 'none';
  const digits = text[0] === '-' || text[0] === '+' ? text.slice(1) : text;
  if (digits.length > 1 && digits[0] === '0' && digits[1] >= '0' && digits[1] <= '9') return 'leading-zero';
  const value = Number(text);
  if (!Number.isFinite(value)) return 'too-large';
  if (found[1] !== undefined || found[2] !== undefined || found[3] !== undefined) return 'number';
  return Math.abs(value) > 2 ** 53 || (Math.abs(value) === 2 ** 53 && !digits.endsWith('9007199254740992')) ? 'too-large' : 'integer';
}

/** The shortest text that reads back as the same number; integers beyond 2^53 with an exponent, so that nobody takes them for exact. */
export function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Math.abs(value) > 2 ** 53 && Number.isFinite(value) ? value.toExponential() : String(value);
}
