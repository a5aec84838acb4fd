import { printable } from '../legible.ts';

/** What an action may tell the machine it runs on. */
export interface Runner {
  /** A line of the log, as it stands: already legible and defused. */
  write(line: string): void;
  openGroup(title: string): void;
  closeGroup(): void;
  annotate(kind: 'error' | 'warning', message: string, place: Annotation): void;
  mask(secret: string): void;
  output(name: string, value: string): void;
  /** Kept for the post step of the same action. */
  keep(name: string, value: string): void;
  kept(name: string): string;
  summarise(markdown: string): Promise<void>;
}

export interface Annotation {
  readonly title: string;
  /** Relative to the workspace. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * Somebody's text as lines of a log: nothing in them acts on a terminal, or on the runner, which takes `::name::` at the start of a line
 * and `##[name]` anywhere in it for commands.
 */
export function logLines(text: string): readonly string[] {
  return text
    .split(/\r\n?|\n/)
    .map((line) => printable(line).replace(/[\u2028\u2029\u200b\u2060\ufeff]/g, ' '))
    .map((line) => line.replace(/#(?=#[a-z-]*\[)/gi, '# ').replace(/^(\s*):(?=:)/, '$1: '));
}
