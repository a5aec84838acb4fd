import { TimedOut, UserError, WorldError } from '../../kernel/errors.ts';

/** Statuses of gRPC by number: https://grpc.io/docs/guides/status-codes/ */
const STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;
export type VertexStatus = (typeof STATUSES)[number];

/** The gRPC status of what a call threw, or of what it was explained from. */
export function vertexStatus(error: unknown): VertexStatus | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'number') return STATUSES[error.code];
  return error.cause === undefined ? undefined : vertexStatus(error.cause);
}

const PASSING: readonly (VertexStatus | undefined)[] = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'INTERNAL'];

/** Whether asking again may help. */
export const isPassing = (error: unknown): boolean => PASSING.includes(vertexStatus(error));

/** What `make` gives; undefined when it is there already. */
export async function existing<T>(make: () => Promise<T>): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (vertexStatus(error) === 'ALREADY_EXISTS') return undefined;
    throw error;
  }
}

/**
 * An error of Vertex AI in our words: `vertex-forbidden`, `vertex-refused`, `vertex-missing`, `vertex-exists` (the user's), `vertex-exhausted`,
 * `vertex-conflict`, `vertex-unreachable`, `timed-out` (the world's). Others pass as they are. `doing` completes "Could not …".
 */
export function explainVertexError(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || 'fault' in error) return error;
  const status = vertexStatus(error);
  const said = 'details' in error && typeof error.details === 'string' && error.details !== '' ? error.details : error.message;
  const message = `Could not ${doing}: ${status ?? 'no answer'}: ${said}`;
  switch (status) {
    case 'PERMISSION_DENIED':
      return new UserError('vertex-forbidden', message, {
        cause: error,
        todo: 'Give the principal the step runs as the role docs/vertex.md names, and enable the Vertex AI API in that project.',
      });
    case 'UNAUTHENTICATED':
      return new UserError('vertex-forbidden', message, {
        cause: error,
        todo: 'Check the credentials: docs/vertex.md says how they are found.',
      });
    case 'INVALID_ARGUMENT':
    case 'FAILED_PRECONDITION':
    case 'OUT_OF_RANGE':
    case 'UNIMPLEMENTED':
      return new UserError('vertex-refused', message, { cause: error });
    case 'NOT_FOUND':
      return new UserError('vertex-missing', message, { cause: error, todo: 'Check `google.project` and `google.region`.' });
    case 'ALREADY_EXISTS':
      return new UserError('vertex-exists', message, { cause: error });
    case 'RESOURCE_EXHAUSTED':
      return new WorldError('vertex-exhausted', message, {
        cause: error,
        todo: 'A quota of the project is used up: wait, or ask for more under IAM & Admin, Quotas.',
      });
    case 'ABORTED':
      return new WorldError('vertex-conflict', message, { cause: error });
    case 'DEADLINE_EXCEEDED':
      return new TimedOut(message, { cause: error });
    case 'UNAVAILABLE':
    case 'INTERNAL':
    case 'UNKNOWN':
    case 'CANCELLED':
    case 'DATA_LOSS':
      return new WorldError('vertex-unreachable', message, { cause: error });
    default:
      return error;
  }
}
