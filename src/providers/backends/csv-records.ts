import { UserError } from '../../kernel/errors.ts';

const FIELD_CHARS_MAX = 10_000_000;

export interface CsvRecord {
  /** 1-based, the header is record 1. */
  readonly row: number;
  readonly fields: readonly string[];
}

/**
 * Records of RFC 4180 text (quotes, doubled quotes, line breaks inside quotes, LF or CRLF), a record at a time in constant memory.
 * `name` is shown in errors. Throws `UserError` `not-csv`.
 */
export async function* csvRecords(text: AsyncIterable<string>, name: string): AsyncGenerator<CsvRecord> {
  let row = 1;
  let fields: string[] = [];
  let field = '';
  /** Inside quotes, or just behind a quote that ends the field unless another follows. */
  let quoted = false;
  let closed = false;
  let started = false;
  let carriage = false;
  let first = true;

  const wrong = (what: string): UserError =>
    new UserError('not-csv', `${name}, row ${row}: not CSV: ${what}.`, {
      todo: 'Write it as RFC 4180: fields with commas or quotes in quotes.',
    });
  const endField = (): void => {
    fields.push(field);
    field = '';
    closed = false;
  };

  for await (let chunk of text) {
    if (first && chunk.length > 0) {
      first = false;
      if (chunk.charCodeAt(0) === 0xfeff) chunk = chunk.slice(1);
    }
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at);
      if (quoted) {
        if (code !== 34) continue;
        field += chunk.slice(from, at);
        from = at + 1;
        quoted = false;
        closed = true;
        continue;
      }
      if (carriage && code !== 10) throw wrong('a carriage return that ends no line');
      if (code === 34) {
        if (closed) {
          field += '"';
          closed = false;
          quoted = true;
        } else {
          if (field !== '' || from !== at) throw wrong('a quote inside an unquoted field');
          quoted = true;
        }
        started = true;
        from = at + 1;
        continue;
      }
      if (code !== 44 && code !== 10 && code !== 13) {
        if (closed) throw wrong('text behind a closing quote');
        started = true;
        continue;
      }
      if (!carriage) field += chunk.slice(from, at);
      from = at + 1;
      if (code === 13) {
        carriage = true;
        continue;
      }
      carriage = false;
      started = code === 44;
      endField();
      if (code === 10) {
        if (fields.length > 1 || fields[0] !== '') yield { row, fields };
        row++;
        fields = [];
      }
    }
    field += chunk.slice(from);
    if (field.length > FIELD_CHARS_MAX) throw wrong(`a field of more than ${FIELD_CHARS_MAX} characters`);
  }
  if (quoted) throw wrong('a quote that never closes');
  if (started || field !== '' || fields.length > 0) {
    endField();
    yield { row, fields };
  }
}
