import type { Worker } from 'node:worker_threads';
import { UserError, WorldError } from '../../kernel/errors.ts';
import type { EngineAssets, EngineFacts, EngineOptions } from './engine.ts';
import type { BatchRequest, JudgeWorkerData, WorkerReply } from './judge-worker.ts';
import type { SqlStarters } from './start.ts';

export type BatchReply = Extract<WorkerReply, { id: number }>;

/** What became of a batch: an answer, or a thread that had to be ended while it judged the text `at`. */
export type BatchOutcome =
  | { readonly reply: BatchReply }
  | { readonly lost: 'timeout' | 'crashed'; readonly message: string; readonly at: number };

const START_MS = 30_000;
/** How often the watchdog looks where a thread stands, in parts of what a text may take. */
const LOOKS = 10;

/** One judging thread with a watchdog. A thread that hangs or dies is replaced; its batch comes back as lost. */
export class JudgeThread {
  readonly #starters: Pick<SqlStarters, 'startWorker'>;
  readonly #data: JudgeWorkerData;
  #worker: Worker | undefined;
  #facts: EngineFacts | undefined;
  #id = 0;

  constructor(starters: Pick<SqlStarters, 'startWorker'>, options: EngineOptions, assets: EngineAssets) {
    this.#starters = starters;
    this.#data = { options, assets, at: new Int32Array(new SharedArrayBuffer(4)) };
  }

  get facts(): EngineFacts {
    if (!this.#facts) throw new RangeError('The judge has not been started.');
    return this.#facts;
  }

  async start(): Promise<void> {
    const worker = this.#starters.startWorker('sql-judge', this.#data);
    this.#worker = worker;
    const reply = await nextReply(
      worker,
      watchdog(START_MS, () => 0),
    );
    if ('message' in reply) throw new WorldError('sql-judge', `The thread that judges SQL did not start: ${reply.message}`);
    if ('failed' in reply.value) throw new UserError(reply.value.code ?? 'sql-judge', reply.value.failed, { todo: reply.value.todo });
    if ('ready' in reply.value) this.#facts = reply.value.ready;
  }

  /** A batch may take as long as it likes, each of its texts `textMs`. */
  async ask(ask: BatchRequest['ask'], texts: readonly string[], textMs: number): Promise<BatchOutcome> {
    if (!this.#worker) await this.start();
    const worker = this.#worker!;
    const id = ++this.#id;
    const at = (): number => Math.min(Atomics.load(this.#data.at, 0), texts.length - 1);
    Atomics.store(this.#data.at, 0, 0);
    worker.postMessage({ id, ask, texts } satisfies BatchRequest);
    const reply = await nextReply(worker, watchdog(textMs, at));
    if ('value' in reply && 'id' in reply.value && reply.value.id === id) return { reply: reply.value };
    await this.stop();
    if ('message' in reply) return { lost: reply.timedOut ? 'timeout' : 'crashed', message: reply.message, at: at() };
    return { lost: 'crashed', message: 'The thread answered out of turn.', at: at() };
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

type Reply = { readonly value: WorkerReply } | { readonly message: string; readonly timedOut: boolean };

/** Calls `late` once `at` has stood still for so long. */
type Watchdog = (late: (message: string) => void) => NodeJS.Timeout;

const watchdog =
  (ms: number, at: () => number): Watchdog =>
  (late) => {
    let seen = at();
    let looks = 0;
    return setInterval(() => {
      const now = at();
      looks = now === seen ? looks + 1 : 0;
      seen = now;
      if (looks >= LOOKS) late(`No answer within ${ms} ms.`);
    }, ms / LOOKS);
  };

function nextReply(worker: Worker, watch: Watchdog): Promise<Reply> {
  return new Promise((resolve) => {
    const settle = (reply: Reply): void => {
      clearInterval(timer);
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      resolve(reply);
    };
    const onMessage = (value: WorkerReply): void => settle({ value });
    const onError = (error: unknown): void => {
      worker.once('error', () => {});
      settle({ message: error instanceof Error ? error.message : String(error), timedOut: false });
    };
    const onExit = (code: number): void => settle({ message: `The thread ended with code ${code}.`, timedOut: false });
    const timer = watch((message) => settle({ message, timedOut: true }));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}
