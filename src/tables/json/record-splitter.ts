import { BadInput } from '../bad-input.ts';

/** Bytes of one record within the working buffer; valid until the next call. */
export interface RecordBytes {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Cuts a stream of blocks into records, joining those that span blocks. A record beyond the bound is an error. */
abstract class Splitter {
  readonly file: string;
  readonly #maxRecordBytes: number;
  protected buffer = new Uint8Array(64 * 1024);
  protected start = 0;
  protected end = 0;
  /** Records given so far. */
  records = 0;

  constructor(file: string, maxRecordBytes: number) {
    this.file = file;
    this.#maxRecordBytes = maxRecordBytes;
  }

  append(block: Uint8Array): void {
    if (this.end - this.start > this.#maxRecordBytes) {
      throw new BadInput(
        'record-too-long',
        `the record is longer than ${this.#maxRecordBytes} bytes.`,
        { file: this.file, row: this.records + 1 },
        'Is this the declared format? Otherwise raise max-record-bytes.',
      );
    }
    const held = this.end - this.start;
    if (this.buffer.length - this.end < block.length) {
      const target = held + block.length > this.buffer.length ? new Uint8Array((held + block.length) * 2) : this.buffer;
      target.set(this.buffer.subarray(this.start, this.end));
      this.buffer = target;
      this.moved(this.start);
      this.end = held;
      this.start = 0;
    }
    this.buffer.set(block, this.end);
    this.end += block.length;
  }

  /** The next whole record; undefined when more bytes are needed, or at the end. */
  abstract next(final: boolean): RecordBytes | undefined;

  protected moved(_by: number): void {}
}

/** JSON Lines: one value a line. Empty lines come as empty records. */
export class LineSplitter extends Splitter {
  #searched = 0;

  override next(final: boolean): RecordBytes | undefined {
    const at = this.buffer.subarray(0, this.end).indexOf(10, Math.max(this.start, this.#searched));
    if (at < 0) {
      this.#searched = this.end;
      if (!final || this.start === this.end) return undefined;
    }
    const from = this.start;
    const to = at < 0 ? this.end : at;
    this.start = at < 0 ? this.end : at + 1;
    this.#searched = this.start;
    this.records++;
    return { bytes: this.buffer, from, to: to > from && this.buffer[to - 1] === 13 ? to - 1 : to };
  }

  protected override moved(by: number): void {
    this.#searched = Math.max(0, this.#searched - by);
  }
}

const isBlank = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9;

/** One JSON array: its elements, one by one. What stands between them is checked here, the elements by `JSON.parse`. */
export class ElementSplitter extends Splitter {
  #state: 'before' | 'first' | 'element' | 'after' = 'before';
  #at = 0;
  #depth = 0;
  #inText = false;

  override next(final: boolean): RecordBytes | undefined {
    if (this.#state !== 'element' || this.#at === this.start) this.#skipBlanks();
    if (this.#state === 'before' && this.start < this.end) {
      if (this.buffer[this.start] !== 91)
        throw this.#bad('expected a JSON array (`[`)', 'Declare the format jsonl if every line is an object.');
      this.start++;
      this.#state = 'first';
      this.#skipBlanks();
    }
    if (this.#state === 'first' && this.start < this.end) {
      this.#state = this.buffer[this.start] === 93 ? 'after' : 'element';
      if (this.#state === 'after') this.start++;
      this.#at = this.start;
    }
    if (this.#state === 'element') {
      const record = this.#element();
      if (record !== undefined) return record;
    }
    if (this.#state === 'after') {
      this.#skipBlanks();
      if (this.start < this.end) throw this.#bad('text after the end of the array', 'One file holds one array.');
    }
    if (final && this.#state !== 'after') throw this.#bad('the array does not end', 'Was the file cut short?');
    return undefined;
  }

  #element(): RecordBytes | undefined {
    const { buffer, end } = this;
    for (let at = this.#at; at < end; at++) {
      const byte = buffer[at];
      if (this.#inText) {
        if (byte === 92) {
          if (at + 1 >= end) {
            this.#at = at;
            return undefined;
          }
          at++;
        } else if (byte === 34) this.#inText = false;
      } else if (byte === 34) this.#inText = true;
      else if (byte === 123 || byte === 91) this.#depth++;
      else if (this.#depth > 0) {
        if (byte === 125 || byte === 93) this.#depth--;
      } else if (byte === 44 || byte === 93) {
        const from = this.start;
        this.start = at + 1;
        this.#at = this.start;
        if (byte === 93) this.#state = 'after';
        this.records++;
        return { bytes: buffer, from, to: at };
      }
    }
    this.#at = end;
    return undefined;
  }

  protected override moved(by: number): void {
    this.#at = Math.max(0, this.#at - by);
  }

  #skipBlanks(): void {
    while (this.start < this.end && isBlank(this.buffer[this.start])) this.start++;
    if (this.#at < this.start) this.#at = this.start;
  }

  #bad(what: string, todo: string): BadInput {
    return new BadInput('bad-json', `${what}.`, { file: this.file, row: this.records + 1 }, todo);
  }
}
