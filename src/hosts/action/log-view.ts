import type { StageRecord } from '../../kernel/record.ts';
import { secondsText } from '../legible.ts';
import type { View } from '../view.ts';
import { logLines, type Runner } from './runner.ts';

// A line per tenth is enough for a log file.
const STEPS = 10;

/** The log of one action: what the stage says goes into a group, how it ended stands below. */
export function logView(runner: Runner): View & { close(): void } {
  let open = false;
  let lastStep = 0;
  const inGroup = (stage: string) => {
    if (!open) runner.openGroup(`What ${stage} says`);
    open = true;
  };
  const close = () => {
    if (open) runner.closeGroup();
    open = false;
  };
  const write = (text: string) => {
    for (const line of logLines(text)) runner.write(line);
  };
  return {
    runStarted: (manifest) => write(`Run ${manifest.id}`),
    stageStarted() {
      lastStep = 0;
    },
    line(stage, text) {
      inGroup(stage);
      write(text);
    },
    warning(stage, code, text) {
      inGroup(stage);
      write(`! ${text} (${code})`);
    },
    progress(stage, share, text) {
      const step = Math.floor(Math.min(1, Math.max(0, share)) * STEPS);
      if (step <= lastStep) return;
      lastStep = step;
      inGroup(stage);
      write(`${String(step * STEPS).padStart(3)} %  ${text}`);
    },
    stageEnded(record) {
      close();
      write(`${record.stage}: ${endingOf(record)} (${secondsText(record.seconds)})`);
    },
    stageNotRun(stage, reason) {
      close();
      write(`${stage}: not run. ${reason.text} (${reason.code})`);
    },
    close,
  };
}

/** How a stage ended, in a sentence. */
export function endingOf(record: StageRecord): string {
  if (record.error) return `${record.outcome}. ${record.error.message}${record.error.todo ? ` ${record.error.todo}` : ''}`;
  const { verdict, found } = record;
  if (verdict && verdict.kind !== 'passed') return `${verdict.kind}. ${verdict.reason.text} (${verdict.reason.code})`;
  return `${verdict?.kind ?? record.outcome}. ${found}`.trim();
}
