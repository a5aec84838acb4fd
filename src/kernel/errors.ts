/**
 * Whose fault an error is decides the exit code and whether a retry can heal it.
 * Pure rooms import no kernel; an error of theirs that carries the same fields counts alike (see {@link faultOf}).
 */
export type Fault = 'user' | 'world' | 'ours' | 'cancelled';

export interface FaultyError extends Error {
  readonly fault: Fault;
  /** Stable, kebab-case. */
  readonly code: string;
  /** What the reader should do next; one sentence. */
  readonly todo?: string;
}

class BaseError extends Error implements FaultyError {
  readonly fault: Fault;
  readonly code: string;
  readonly todo?: string;

  constructor(fault: Fault, code: string, message: string, options: { todo?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.fault = fault;
    this.code = code;
    this.todo = options.todo;
  }
}

/** The user's to fix: configuration, unreadable or missing input, a trainer that breaks its contract. Exit 2, never retried. */
export class UserError extends BaseError {
  constructor(code: string, message: string, options: { todo?: string; cause?: unknown } = {}) {
    super('user', code, message, options);
  }
}

/** One wrong value among perhaps many: where it stands, what was expected and what was found. */
export interface Problem {
  /** Dotted path of the key, e.g. `prepare-data.split.test`; empty for the whole. */
  readonly path: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** All problems of a set of inputs at once. Exit 2. */
export class InvalidInputs extends BaseError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], subject = 'inputs') {
    super(
      'user',
      'invalid-inputs',
      `${problems.length === 1 ? 'A problem' : `${problems.length} problems`} in the ${subject}:\n${problems.map(problemLine).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** `file:line:column: path: message`, leaving out what is not known. */
export function problemLine(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  return ['  ', place && `${place}: `, problem.path && `${problem.path}: `, problem.message].filter(Boolean).join('');
}

/** The world's fault, worth a retry: network, service, disk, killed. Exit 3. */
export class WorldError extends BaseError {
  constructor(code: string, message: string, options: { todo?: string; cause?: unknown } = {}) {
    super('world', code, message, options);
  }
}

/** An attempt ran past its deadline. Exit 3; retried like other faults of the world. */
export class TimedOut extends BaseError {
  constructor(message: string, options: { todo?: string; cause?: unknown } = {}) {
    super('world', 'timed-out', message, options);
  }
}

/** Somebody pressed Ctrl-C, or the job was cancelled. Exit 130, never retried. */
export class Cancelled extends BaseError {
  constructor(message = 'Cancelled.', options: { cause?: unknown } = {}) {
    super('cancelled', 'cancelled', message, options);
  }
}

const SYSTEM_CODES_OF_THE_WORLD = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const SYSTEM_CODES_OF_THE_USER = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'EROFS', 'ELOOP', 'ENAMETOOLONG']);

/** Whose fault any thrown value is; what nobody claimed is ours. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return 'ours';
  if ('fault' in error && (error.fault === 'user' || error.fault === 'world' || error.fault === 'cancelled')) return error.fault;
  if (error.name === 'AbortError') return 'cancelled';
  if (error.name === 'TimeoutError') return 'world';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (SYSTEM_CODES_OF_THE_WORLD.has(code)) return 'world';
  if (SYSTEM_CODES_OF_THE_USER.has(code)) return 'user';
  return 'ours';
}
