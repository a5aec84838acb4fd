import { StringDecoder } from 'node:string_decoder';

/** Longest line kept of a child's output; the rest of a longer one is dropped. */
export const LINE_CHARS_MAX = 4_000;

const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|[ -/]*[0-~])/g;
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
/** Marks that reorder or hide text: bidirectional controls, zero-width characters, the byte order mark, tag characters. */
const INVISIBLE = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * One line of a child's output without what would act on a terminal or on a runner: escape sequences, control and invisible
 * characters, workflow commands in both forms (`::name::` at the start, `##[name]` anywhere).
 */
export function defused(line: string): string {
  const plain = line
    .replace(ANSI, '')
    .replace(/[\u2028\u2029]/g, ' ')
    .replace(CONTROLS, '')
    .replace(INVISIBLE, '');
  return plain.replace(/#(?=#[a-z]*\[)/gi, '# ').replace(/^(\s*):(?=:)/, '$1: ');
}

/** Bytes in, lines out: across writes, with a bound on their length, carriage returns as line ends. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #each: (line: string) => void;
  #held = '';
  #cut = false;

  constructor(each: (line: string) => void) {
    this.#each = each;
  }

  add(bytes: Uint8Array): void {
    this.#take(this.#decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  }

  end(): void {
    this.#take(this.#decoder.end());
    if (this.#held !== '') this.#emit();
  }

  #take(text: string): void {
    const pieces = text.split(/[\r\n]/);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.#emit();
      const room = LINE_CHARS_MAX - this.#held.length;
      this.#held += piece.slice(0, room);
      if (piece.length > room) this.#cut = true;
    }
  }

  #emit(): void {
    const line = this.#cut ? `${this.#held} … (line cut)` : this.#held;
    this.#held = '';
    this.#cut = false;
    if (line !== '') this.#each(line);
  }
}
