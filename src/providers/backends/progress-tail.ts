import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { JobEvent } from './backend.ts';
import { defused, Lines } from './hostile-text.ts';
import { progressSchema } from './trainer-shapes.ts';

export type ProgressEvent = Extract<JobEvent, { kind: 'progress' }>;

const CHUNK_BYTES = 64 * 1024;
const BYTES_MAX = 64 * 1024 * 1024;

/** Text of a `progress.jsonl`, which may hold anything, as events. */
export class ProgressLines {
  /** Lines that were no progress. */
  ignored = 0;
  readonly #emit: (event: ProgressEvent) => void;
  readonly #lines = new Lines((line) => this.#take(line));
  #share = 0;

  constructor(emit: (event: ProgressEvent) => void) {
    this.#emit = emit;
  }

  add(content: Uint8Array | string): void {
    this.#lines.add(typeof content === 'string' ? Buffer.from(content) : content);
  }

  end(): void {
    this.#lines.end();
  }

  #take(line: string): void {
    let content: unknown;
    try {
      content = JSON.parse(line);
    } catch {
      this.ignored++;
      return;
    }
    const parsed = progressSchema.safeParse(content);
    if (!parsed.success) {
      this.ignored++;
      return;
    }
    const { done, step, metrics } = parsed.data;
    this.#share = Math.max(this.#share, done);
    const named = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [defused(name), value]));
    this.#emit({ kind: 'progress', share: this.#share, ...(step === undefined ? {} : { step }), metrics: named });
  }
}

/** Reads what has been added to a trainer's `progress.jsonl`. */
export class ProgressTail {
  readonly #path: string;
  readonly #lines: ProgressLines;
  #offset = 0;

  constructor(path: string, emit: (event: ProgressEvent) => void) {
    this.#path = path;
    this.#lines = new ProgressLines(emit);
  }

  /** Lines that were no progress. */
  get ignored(): number {
    return this.#lines.ignored;
  }

  /** Takes all that is there by now, up to a bound over the whole job. Never throws: progress is a courtesy. */
  async read(): Promise<void> {
    try {
      await using file = await open(this.#path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
      if (!(await file.stat()).isFile()) return;
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      while (this.#offset < BYTES_MAX) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        this.#lines.add(buffer.subarray(0, bytesRead));
      }
    } catch {
      // Not there yet, or not readable.
    }
  }

  /** The last reading, of a trainer that has ended. */
  async finish(): Promise<void> {
    await this.read();
    this.#lines.end();
  }
}
