import { availableParallelism } from 'node:os';
import { Cancelled } from '../../kernel/errors.ts';
import type { Features } from '../../sql/features.ts';
import { type JudgedText, notJudged } from '../../sql/verdict.ts';
import type { EngineAssets, EngineOptions, Judge } from './engine.ts';
import { type BatchReply, JudgeThread } from './judge-thread.ts';
import type { BatchRequest } from './judge-worker.ts';
import type { SqlStarters } from './start.ts';

export interface PoolSettings {
  /** Distinct texts sent at once. */
  readonly batch?: number;
  /** How long a text may take. */
  readonly textDeadlineMs?: number;
  readonly threads?: number;
}

const BATCH = 500;
const BATCH_CHARACTERS = 4_194_304;
const TEXT_DEADLINE_MS = 5_000;
/** From this many rows on more threads pay. */
const MANY_ROWS = 50_000;
const THREADS_MAX = 4;
/** Verdicts of texts already seen. */
const KEPT = 100_000;
const KEPT_CHARACTERS = 32 * 1_048_576;

/** A judge whose engine lives in threads: equal texts are judged once, a text that hangs or kills its thread is not judged, order is kept. */
export async function openJudge(
  options: EngineOptions,
  assets: EngineAssets,
  starters: Pick<SqlStarters, 'startWorker'>,
  signal: AbortSignal,
  settings: PoolSettings = {},
): Promise<Judge> {
  const pool = new Pool(options, assets, starters, signal, settings);
  await pool.start();
  return pool;
}

class Pool implements Judge {
  readonly #open: () => JudgeThread;
  readonly #signal: AbortSignal;
  readonly #settings: Required<Omit<PoolSettings, 'threads'>>;
  readonly #threadsMax: number;
  /** As many as may be at work now. */
  #threads = 1;
  readonly #idle: JudgeThread[] = [];
  readonly #all: JudgeThread[] = [];
  readonly #first: JudgeThread;

  constructor(
    options: EngineOptions,
    assets: EngineAssets,
    starters: Pick<SqlStarters, 'startWorker'>,
    signal: AbortSignal,
    settings: PoolSettings,
  ) {
    this.#open = () => new JudgeThread(starters, options, assets);
    this.#signal = signal;
    this.#settings = {
      batch: settings.batch ?? BATCH,
      textDeadlineMs: settings.textDeadlineMs ?? TEXT_DEADLINE_MS,
    };
    this.#threadsMax = settings.threads ?? Math.min(availableParallelism(), THREADS_MAX);
    this.#first = this.#open();
  }

  async start(): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#first.start();
    this.#all.push(this.#first);
    this.#idle.push(this.#first);
  }

  get facts(): Judge['facts'] {
    return this.#first.facts;
  }

  judge(texts: AsyncIterable<string> | Iterable<string>): AsyncIterable<JudgedText> {
    return this.#answers(texts, (batch) => this.#verdicts(batch));
  }

  features(texts: AsyncIterable<string> | Iterable<string>): AsyncIterable<Features | undefined> {
    return this.#answers(texts, (batch) => this.#features(batch));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((thread) => thread.stop()));
  }

  /** Streams texts in batches of distinct ones; while many rows come, as many batches are under way as there are threads. */
  async *#answers<Answer>(
    texts: AsyncIterable<string> | Iterable<string>,
    answer: (batch: readonly string[]) => Promise<readonly Answer[]>,
  ): AsyncIterable<Answer> {
    const known = new Map<string, Promise<Answer>>();
    let keptCharacters = 0;
    let rows = 0;
    const waiting: Promise<Answer>[] = [];
    let fresh: { text: string; done: (answer: Answer) => void; fail: (error: unknown) => void }[] = [];
    const unsent = new Set<Promise<Answer>>();
    let characters = 0;
    const send = (): void => {
      const batch = fresh;
      fresh = [];
      unsent.clear();
      characters = 0;
      if (batch.length === 0) return;
      answer(batch.map(({ text }) => text)).then(
        (answers) => {
          for (const [i, { done }] of batch.entries()) done(answers[i]!);
        },
        (error: unknown) => {
          for (const { fail } of batch) fail(error);
        },
      );
    };
    for await (const text of texts) {
      if (this.#signal.aborted) throw new Cancelled();
      rows++;
      let found = known.get(text);
      if (!found) {
        const { promise, resolve, reject } = Promise.withResolvers<Answer>();
        promise.catch(() => {});
        found = promise;
        fresh.push({ text, done: resolve, fail: reject });
        unsent.add(promise);
        characters += text.length;
        if (known.size >= KEPT || keptCharacters > KEPT_CHARACTERS) {
          known.clear();
          keptCharacters = 0;
        }
        known.set(text, found);
        keptCharacters += text.length;
      }
      waiting.push(found);
      if (fresh.length >= this.#settings.batch || characters >= BATCH_CHARACTERS) send();
      if (rows >= MANY_ROWS) this.#threads = this.#threadsMax;
      while (waiting.length > this.#settings.batch * (this.#threads + 1)) {
        const next = waiting.shift()!;
        if (unsent.has(next)) send();
        yield await next;
      }
    }
    send();
    for (const answered of waiting) yield await answered;
  }

  async #verdicts(texts: readonly string[]): Promise<readonly JudgedText[]> {
    return this.#ask('verdicts', texts, (reason, message) => ({ verdict: notJudged(reason, message) }));
  }

  async #features(texts: readonly string[]): Promise<readonly (Features | undefined)[]> {
    return this.#ask<Features | undefined>('features', texts, () => undefined);
  }

  async #ask<Answer>(
    ask: BatchRequest['ask'],
    texts: readonly string[],
    lost: (reason: 'timeout' | 'crashed', message: string) => Answer,
  ): Promise<readonly Answer[]> {
    const thread = await this.#take();
    try {
      return await this.#answered(thread, ask, texts, lost);
    } finally {
      this.#give(thread);
    }
  }

  /**
   * A thread that is lost was at one text: that one is asked for its bare verdict, alone and in a fresh thread, so that neither a hint
   * nor a text before it can cost a verdict. The texts before it, whose answers went with the thread, and those behind it go on.
   */
  async #answered<Answer>(
    thread: JudgeThread,
    ask: BatchRequest['ask'],
    texts: readonly string[],
    lost: (reason: 'timeout' | 'crashed', message: string) => Answer,
  ): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    for (let from = 0; from < texts.length; ) {
      if (this.#signal.aborted) throw new Cancelled();
      const rest = texts.slice(from);
      const outcome = await thread.ask(ask, rest, this.#settings.textDeadlineMs);
      if ('reply' in outcome) return [...answers, ...answersOf<Answer>(outcome.reply)];
      const { at } = outcome;
      if (at > 0) answers.push(...(await this.#answered(thread, ask, rest.slice(0, at), lost)));
      const alone = ask === 'verdicts' ? await thread.ask('bare', [rest[at]!], this.#settings.textDeadlineMs) : outcome;
      if ('reply' in alone) answers.push(...answersOf<Answer>(alone.reply));
      else answers.push(lost(alone.lost, alone.message));
      from += at + 1;
    }
    return answers;
  }

  readonly #wanted: ((thread: JudgeThread) => void)[] = [];

  async #take(): Promise<JudgeThread> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#all.length < this.#threads) {
      const thread = this.#open();
      this.#all.push(thread);
      return thread;
    }
    return new Promise((resolve) => this.#wanted.push(resolve));
  }

  #give(thread: JudgeThread): void {
    const wanted = this.#wanted.shift();
    if (wanted) wanted(thread);
    else this.#idle.push(thread);
  }
}

const answersOf = <Answer>(reply: BatchReply): readonly Answer[] =>
  ('verdicts' in reply ? reply.verdicts : reply.features) as readonly Answer[];
