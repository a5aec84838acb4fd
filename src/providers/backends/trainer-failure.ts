import { UserError, WorldError } from '../../kernel/errors.ts';

/** Exit code by which a trainer says that it cannot accept the job, and that the machine failed it. */
const EXIT_REFUSED = 2;
const EXIT_MACHINE = 3;

/** What an exit that is not 0 means: whose fault, and what to do. `tail`: last lines of standard error. */
export function failureOf(exit: { readonly code?: number; readonly signal?: string }, tail: readonly string[]): UserError | WorldError {
  const said = tail.length > 0 ? `\n${tail.join('\n')}` : ' It wrote nothing to standard error.';
  // 137 and 143: a shell or container between us and the trainer tells of the signal in this way.
  const signal = exit.signal ?? ({ 137: 'SIGKILL', 143: 'SIGTERM' } as Record<number, string>)[exit.code ?? 0];
  if (signal === 'SIGSEGV' || signal === 'SIGILL' || signal === 'SIGABRT' || signal === 'SIGBUS' || signal === 'SIGFPE') {
    return new UserError('trainer-crashed', `The trainer crashed (${signal}).${said}`, {
      todo: 'Run its command yourself on the job’s folder to see more.',
    });
  }
  if (signal) {
    return new WorldError(
      'trainer-killed',
      `The trainer was killed (${signal})${signal === 'SIGKILL' ? ', as happens when memory runs out' : ''}.${said}`,
      {
        todo: 'Run again; if it stays, use a machine with more memory, or fewer threads.',
      },
    );
  }
  const refusal = refusalIn(tail);
  if (exit.code === EXIT_REFUSED && refusal) {
    return new UserError('trainer-refused', `The trainer cannot accept the job: ${refusal.error}`, { todo: refusal.todo });
  }
  if (exit.code === EXIT_MACHINE) {
    return new WorldError('trainer-machine', `The machine failed the trainer: ${refusal?.error ?? said.trim()}`, {
      todo: refusal?.todo ?? 'Run again, on a machine with more memory or disk if it stays.',
    });
  }
  if (tail.some((line) => /\bMemoryError\b|CUDA out of memory|OutOfMemoryError/.test(line))) {
    return new WorldError('out-of-memory', `The trainer ran out of memory.${said}`, {
      todo: 'Use a machine with more memory, or train less.',
    });
  }
  return new UserError('trainer-failed', `The trainer ended with exit code ${exit.code}.${said}`, {
    todo: 'The lines above are its own; mend the job or the trainer.',
  });
}

/** The JSON line with `error` and `todo` that a trainer may end with. */
function refusalIn(tail: readonly string[]): { readonly error: string; readonly todo?: string } | undefined {
  for (const line of tail.toReversed()) {
    if (!line.startsWith('{')) continue;
    try {
      const said: unknown = JSON.parse(line);
      if (typeof said !== 'object' || said === null || !('error' in said) || typeof said.error !== 'string') continue;
      return { error: said.error, ...('todo' in said && typeof said.todo === 'string' ? { todo: said.todo } : {}) };
    } catch {
      // Not the line.
    }
  }
  return undefined;
}
