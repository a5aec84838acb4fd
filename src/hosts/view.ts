import type { Manifest, StageRecord } from '../kernel/record.ts';
import type { Reason } from '../kernel/verdict.ts';

/** What a host shows while a run goes on. */
export interface View {
  runStarted(manifest: Manifest): void;
  stageStarted(stage: string): void;
  line(stage: string, text: string): void;
  warning(stage: string, code: string, text: string): void;
  progress(stage: string, share: number, text: string): void;
  stageEnded(record: StageRecord): void;
  stageNotRun(stage: string, reason: Reason): void;
}
