import { BadCell } from './cells.ts';

export interface ScannedField {
  /** Bytes of the content, between the quotes; `""` not yet undone. */
  readonly from: number;
  readonly to: number;
  readonly quoted: boolean;
}

export interface ScannedRecord {
  readonly fields: readonly ScannedField[];
  readonly next: number;
  /** Nothing but a line end. */
  readonly empty: boolean;
}

/**
 * One record at `bytes[from, end)` by the rules of the parser, slowly: for headers and for the look at the first rows.
 * Undefined when the record does not end before `end` and more bytes may follow.
 */
export function scanRecord(bytes: Uint8Array, from: number, end: number, final: boolean, delimiter: number): ScannedRecord | undefined {
  const fields: ScannedField[] = [];
  let p = from;
  for (;;) {
    let to: number;
    const quoted = p < end && bytes[p] === 34;
    const begin = quoted ? p + 1 : p;
    if (quoted) {
      p++;
      for (;;) {
        while (p < end && bytes[p] !== 34) p++;
        if (p >= end) {
          if (!final) return undefined;
          throw new BadCell(
            'unterminated-quote',
            'a quoted field begins here and never ends.',
            'Close the quote, or double quotes within quoted fields.',
          );
        }
        if (p + 1 < end && bytes[p + 1] === 34) p += 2;
        else break;
      }
      to = p++;
      if (p < end && bytes[p] !== delimiter && bytes[p] !== 10 && bytes[p] !== 13) {
        throw new BadCell('text-after-quote', 'text follows a closing quote.', 'Double the quotes that belong to the text.');
      }
    } else {
      while (p < end && bytes[p] !== delimiter && bytes[p] !== 10 && bytes[p] !== 13) p++;
      to = p;
    }
    if (p >= end && !final) return undefined;
    fields.push({ from: begin, to, quoted });
    if (p < end && bytes[p] === delimiter) {
      p++;
      continue;
    }
    const empty = fields.length === 1 && !quoted && to === from;
    if (p >= end) return { fields, next: end, empty };
    if (bytes[p] === 13 && p + 1 >= end && !final) return undefined;
    return { fields, next: bytes[p] === 13 && p + 1 < end && bytes[p + 1] === 10 ? p + 2 : p + 1, empty };
  }
}
