/** Where in the data something is wrong. Rows and columns count from 1; the header is row 1 of a CSV file. */
export interface Place {
  readonly file?: string;
  readonly row?: number;
  readonly column?: string | number;
}

/**
 * Data that cannot be used as it is: what was expected, what was found and where, what to do.
 * Carries the fields by which the kernel knows whose fault an error is, without importing it.
 */
export class BadInput extends Error {
  readonly fault = 'user';
  readonly code: string;
  readonly place: Place;
  readonly todo?: string;

  constructor(code: string, message: string, place: Place = {}, todo?: string) {
    super(`${placeText(place)}${message}`);
    this.name = 'BadInput';
    this.code = code;
    this.place = place;
    this.todo = todo;
  }
}

function placeText({ file, row, column }: Place): string {
  const parts = [
    file,
    row === undefined ? undefined : `row ${row}`,
    column === undefined ? undefined : typeof column === 'number' ? `column ${column}` : `column "${column}"`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : `${parts.join(', ')}: `;
}
