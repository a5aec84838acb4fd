import { TimedOut } from '../../kernel/errors.ts';
import { type Exit, ProcessGroup } from './process-group.ts';

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
  /** What it does, for messages: `pip install`. */
  readonly doing: string;
  readonly onLine?: (line: string) => void;
  readonly captureBytes?: number;
  readonly guarded?: boolean;
}

const TAIL_LINES = 12;

/**
 * Runs a program to its end; `tail` are its last lines, defused. Its group is stopped when `signal` aborts (its reason is thrown)
 * and after the timeout (`TimedOut`).
 */
export async function runCaptured(command: readonly string[], options: RunOptions): Promise<Exit & { readonly tail: readonly string[] }> {
  options.signal.throwIfAborted();
  const tail: string[] = [];
  const group = await ProcessGroup.start(command, {
    ...options,
    onLine: (line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine?.(line);
    },
  });
  const clock = AbortSignal.timeout(options.timeoutSeconds * 1_000);
  const end = AbortSignal.any([options.signal, clock]);
  const stop = () => void group.stop();
  end.addEventListener('abort', stop, { once: true });
  try {
    const exit = await group.exited;
    options.signal.throwIfAborted();
    if (clock.aborted) {
      throw new TimedOut(`${options.doing} took longer than ${options.timeoutSeconds} s.`, { todo: 'Run again, or allow it more time.' });
    }
    return { ...exit, tail };
  } finally {
    end.removeEventListener('abort', stop);
  }
}
