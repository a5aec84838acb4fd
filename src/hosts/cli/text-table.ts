import { printable } from '../legible.ts';

/** Columns as wide as their widest cell, two blanks apart; numbers to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const text = [header, ...rows].map((row) => row.map((cell) => printable(String(cell ?? ''))));
  const widths = header.map((_, column) => Math.max(...text.map((row) => row[column]?.length ?? 0)));
  const right = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number' || row[column] === undefined),
  );
  return text
    .map((row) =>
      row
        .map((cell, column) => (right[column] ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
