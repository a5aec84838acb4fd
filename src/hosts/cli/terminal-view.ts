import type { Manifest, StageRecord } from '../../kernel/record.ts';
import type { Reason } from '../../kernel/verdict.ts';
import { printable, secondsText } from '../legible.ts';
import type { View } from '../view.ts';

export interface Screen {
  write(text: string): void;
  readonly interactive: boolean;
  readonly columns: number;
  readonly colour: boolean;
}

const NAME_WIDTH = 15;
const BAR_CELLS = 24;
// A line per tenth is enough for a log file.
const STEPS_WITHOUT_TERMINAL = 10;
// What is over sooner needs no line on the way.
const QUIET_MS = 2_000;

/** One line a stage: mark, name, time, what it found; a bar while something is under way. */
export function terminalView(screen: Screen, options: { verbose: boolean }): View {
  let live = false;
  let lastStep = 0;
  let lastLine = 0;
  const clear = () => {
    if (live) screen.write('\r\x1b[2K');
    live = false;
  };
  const line = (text: string) => {
    clear();
    screen.write(`${text}\n`);
  };
  const paint = (code: number, text: string) => (screen.colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const status = (text: string) => {
    if (!screen.interactive) return;
    screen.write(`\r\x1b[2K${text.slice(0, Math.max(20, screen.columns - 1))}`);
    live = true;
  };

  return {
    runStarted: (manifest: Manifest) => line(paint(1, `Run ${manifest.id}`)),
    stageStarted(stage) {
      lastStep = 0;
      lastLine = performance.now();
      status(`  … ${stage}`);
    },
    line(stage, text) {
      if (options.verbose) line(paint(2, `      ${stage}: ${printable(text)}`));
      else status(`  … ${stage.padEnd(NAME_WIDTH)} ${printable(text)}`);
    },
    warning: (_stage, code, text) => line(paint(33, `  ! ${printable(text)} (${code})`)),
    progress(stage, share, text) {
      const bounded = Math.min(1, Math.max(0, share));
      const full = Math.round(bounded * BAR_CELLS);
      const bar =
        `  … ${stage.padEnd(NAME_WIDTH)} ${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${String(Math.floor(bounded * 100)).padStart(3)} %  ${printable(text)}`.trimEnd();
      if (screen.interactive) status(bar);
      else if (Math.floor(bounded * STEPS_WITHOUT_TERMINAL) > lastStep && performance.now() - lastLine >= QUIET_MS) {
        lastLine = performance.now();
        lastStep = Math.floor(bounded * STEPS_WITHOUT_TERMINAL);
        line(bar);
      }
    },
    stageEnded(record: StageRecord) {
      const [mark, colour] = markOf(record);
      const text = record.error
        ? record.error.message
        : record.verdict && record.verdict.kind !== 'passed'
          ? record.verdict.reason.text
          : record.found;
      line(
        `${paint(colour, `  ${mark} ${record.stage.padEnd(NAME_WIDTH)}`)} ${secondsText(record.seconds).padStart(7)}  ${printable(text).replaceAll('\n', `\n${' '.repeat(NAME_WIDTH + 14)}`)}`,
      );
      if (record.error?.todo) line(`${' '.repeat(NAME_WIDTH + 14)}${paint(2, record.error.todo)}`);
    },
    stageNotRun: (stage: string, reason: Reason) => {
      if (options.verbose) line(paint(2, `  - ${stage.padEnd(NAME_WIDTH)}          not run: ${printable(reason.text)}`));
    },
  };
}

function markOf(record: StageRecord): [string, number] {
  if (record.outcome === 'submitted') return ['…', 36];
  if (record.outcome !== 'completed') return ['✗', 31];
  switch (record.verdict?.kind) {
    case 'passed':
      return ['✓', 32];
    case 'skipped':
      return ['–', 36];
    default:
      return ['✗', 31];
  }
}
