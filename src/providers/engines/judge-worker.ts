import type { Features } from '../../sql/features.ts';
import type { EngineAssets, EngineFacts, EngineOptions, JudgedText } from './engine.ts';
import { openTextJudge, type TextJudge } from './judge-text.ts';

export interface JudgeWorkerData {
  readonly options: EngineOptions;
  readonly assets: EngineAssets;
}

export interface BatchRequest {
  readonly id: number;
  readonly ask: 'verdicts' | 'features';
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
export async function serveJudgements({ options, assets }: JudgeWorkerData, host: HostChannel): Promise<void> {
  let judge: TextJudge;
  try {
    judge = await openTextJudge(options, assets);
  } catch (error) {
    const { code, todo } = error as { code?: string; todo?: string };
    host.send({ failed: error instanceof Error ? error.message : String(error), code, todo });
    return;
  }
  host.onRequest((request) => void answer(judge, request).then((reply) => host.send(reply)));
  host.send({ ready: judge.facts });
}

async function answer(judge: TextJudge, { id, ask, texts }: BatchRequest): Promise<WorkerReply> {
  if (ask === 'features') {
    const features: (Features | undefined)[] = [];
    for (const text of texts) features.push(await judge.features(text));
    return { id, features };
  }
  const verdicts: JudgedText[] = [];
  for (const text of texts) verdicts.push(await judge.judge(text));
  return { id, verdicts };
}
