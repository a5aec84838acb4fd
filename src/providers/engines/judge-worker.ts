import type { Features } from '../../sql/features.ts';
import type { EngineAssets, EngineFacts, EngineOptions, JudgedText } from './engine.ts';
import { openTextJudge, type TextJudge } from './judge-text.ts';

export interface JudgeWorkerData {
  readonly options: EngineOptions;
  readonly assets: EngineAssets;
  /** Shared with the host, so that it sees where a thread that says nothing stands: the text of the batch that is being judged. */
  readonly at: Int32Array;
}

export interface BatchRequest {
  readonly id: number;
  /** `bare`: verdicts without what is only said beside them. */
  readonly ask: 'verdicts' | 'bare' | 'features';
  readonly texts: readonly string[];
}

export type WorkerReply =
  | { readonly ready: EngineFacts }
  | { readonly failed: string; readonly code?: string; readonly todo?: string }
  | { readonly id: number; readonly verdicts: readonly JudgedText[] }
  | { readonly id: number; readonly features: readonly (Features | undefined)[] };

/** The worker's half of the channel. */
export interface HostChannel {
  send(reply: WorkerReply): void;
  onRequest(handle: (request: BatchRequest) => void): void;
}

/** Judges batches of texts until the host ends the thread. */
export async function serveJudgements({ options, assets, at }: JudgeWorkerData, host: HostChannel): Promise<void> {
  let judge: TextJudge;
  try {
    judge = await openTextJudge(options, assets);
  } catch (error) {
    const { code, todo } = error as { code?: string; todo?: string };
    host.send({ failed: error instanceof Error ? error.message : String(error), code, todo });
    return;
  }
  host.onRequest((request) => void answer(judge, request, at).then((reply) => host.send(reply)));
  host.send({ ready: judge.facts });
}

async function answer(judge: TextJudge, { id, ask, texts }: BatchRequest, at: Int32Array): Promise<WorkerReply> {
  async function each<Answer>(of: (text: string) => Promise<Answer>): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const [i, text] of texts.entries()) {
      Atomics.store(at, 0, i);
      answers.push(await of(text));
    }
    return answers;
  }
  if (ask === 'features') return { id, features: await each((text) => judge.features(text)) };
  return { id, verdicts: await each((text) => (ask === 'bare' ? judge.bare(text) : judge.judge(text))) };
}
