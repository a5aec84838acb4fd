import type { JobEvent } from './backend.ts';

/** Lines of output kept of one job; a trainer that prints without end is heard up to here. */
const LOG_LINES_MAX = 20_000;
const PROGRESS_MAX = 100_000;

/** The events of one job, from its beginning, for any number of readers. */
export class EventStream {
  readonly #events: JobEvent[] = [];
  #ended = false;
  #logged = 0;
  #progressed = 0;
  #wake = Promise.withResolvers<void>();

  get ended(): boolean {
    return this.#ended;
  }

  add(event: JobEvent): void {
    if (this.#ended) return;
    if (event.kind === 'log' && ++this.#logged > LOG_LINES_MAX) {
      if (this.#logged > LOG_LINES_MAX + 1) return;
      this.#push({ kind: 'log', line: `… further lines of the trainer are left out (more than ${LOG_LINES_MAX}).` });
      return;
    }
    if (event.kind === 'progress' && ++this.#progressed > PROGRESS_MAX) return;
    this.#push(event);
  }

  end(event: JobEvent): void {
    if (this.#ended) return;
    this.#push(event);
    this.#ended = true;
  }

  /** Ends after the last event; throws the reason of `signal` when that aborts. */
  async *read(signal: AbortSignal): AsyncGenerator<JobEvent> {
    const aborted = Promise.withResolvers<void>();
    const onAbort = () => aborted.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (let next = 0; ; ) {
        signal.throwIfAborted();
        const event = this.#events[next];
        if (event) {
          next++;
          yield event;
        } else if (this.#ended) return;
        else await Promise.race([this.#wake.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #push(event: JobEvent): void {
    this.#events.push(event);
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }
}
