import type { Store } from '../stores/store.ts';
import type { JobEvent } from './backend.ts';
import { defused, Lines } from './hostile-text.ts';
import { ProgressLines } from './progress-tail.ts';
import type { StoreDocuments } from './store-documents.ts';

const KEPT_LINES = 50;
/** The launcher writes what is new every few seconds; others than it may write there, and without end. */
const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
const LINES_MAX = 100_000;
const PROGRESS_MAX = 100_000;

/** What a job has said so far: small files with growing numbers in its folder of the store, each read once. */
export class VertexLive {
  readonly #store: Store;
  readonly #documents: StoreDocuments;
  readonly #folder: string;
  readonly #read = new Set<string>();
  readonly #last: string[] = [];
  readonly #progress: ProgressLines;
  #events: JobEvent[] = [];
  #lines = 0;
  #progressed = 0;

  constructor(store: Store, documents: StoreDocuments, base: string) {
    this.#store = store;
    this.#documents = documents;
    this.#folder = `${base}/live/`;
    this.#progress = new ProgressLines((event) => {
      if (++this.#progressed <= PROGRESS_MAX) this.#events.push(event);
    });
  }

  /** The last lines of the log, oldest first. */
  get lastLines(): readonly string[] {
    return this.#last;
  }

  /** What is new since the last look. */
  async news(signal: AbortSignal): Promise<readonly JobEvent[]> {
    for await (const { uri, bytes } of this.#store.list(this.#folder, signal)) {
      const name = uri.slice(uri.lastIndexOf('/') + 1);
      if (this.#read.has(name) || !/^\d{3}-\d{5}-(?:log\.txt|progress\.jsonl)$/.test(name)) continue;
      if (bytes > DOCUMENT_BYTES_MAX) {
        this.#read.add(name);
        this.#log(`… ${name} has ${bytes} bytes; it is left out.`);
        continue;
      }
      const found = await this.#documents.read(uri, signal);
      if (found === undefined) continue;
      this.#read.add(name);
      if (name.endsWith('-log.txt')) this.#log(found.text);
      else this.#progress.add(found.text);
    }
    const news = this.#events;
    this.#events = [];
    return news;
  }

  #log(text: string): void {
    const lines = new Lines((raw) => {
      const line = defused(raw);
      this.#lines++;
      if (this.#lines <= LINES_MAX) this.#events.push({ kind: 'log', line });
      if (this.#lines === LINES_MAX) this.#events.push({ kind: 'log', line: '… further lines of the job are left out.' });
      this.#last.push(line);
      if (this.#last.length > KEPT_LINES) this.#last.shift();
    });
    lines.add(Buffer.from(text));
    lines.end();
  }
}
