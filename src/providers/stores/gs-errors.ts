import { UserError, WorldError } from '../../kernel/errors.ts';
import { explainCredentialError } from '../google/credentials.ts';

/** What a call of the store needs, named when it is denied. */
export type Permission = 'storage.objects.get' | 'storage.objects.list' | 'storage.objects.create' | 'storage.objects.delete';

const ROLES: Readonly<Record<Permission, string>> = {
  'storage.objects.get': 'roles/storage.objectViewer',
  'storage.objects.list': 'roles/storage.objectViewer',
  'storage.objects.create': 'roles/storage.objectUser',
  'storage.objects.delete': 'roles/storage.objectUser',
};

/** Code of an upload whose checksum is wrong on the other side. */
export const DAMAGED_UPLOAD = 'damaged-upload';

/** An answer of Cloud Storage that is no success. */
export class GsRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The status and what Google says of it, of an answer that is no success. */
export async function refusalOf(reply: Response): Promise<GsRefusal> {
  const text = (await reply.text().catch(() => '')).slice(0, 2000);
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    return new GsRefusal(reply.status, String(error?.message ?? text));
  } catch {
    return new GsRefusal(reply.status, text);
  }
}

/** What went wrong with an object of Cloud Storage, as an error of ours: whose fault it is, and what to do. Errors of ours come back as they are. */
export function explainGsError(
  error: unknown,
  given: { readonly doing: string; readonly uri: string; readonly permission: Permission; readonly principal: string },
): unknown {
  const { doing, uri, permission, principal } = given;
  const ours = explainCredentialError(error, principal);
  if (ours) return ours;
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  const status = statusOf(error);
  const said = error.message.replace(/\s+/g, ' ').slice(0, 300);
  const bucket = /^gs:\/\/([^/]*)/.exec(uri)?.[1] ?? uri;
  const options = { cause: error };
  if (status === 401)
    return new UserError('not-permitted', `Could not ${doing} ${uri}: Google does not know ${principal} (401): ${said}`, {
      ...options,
      todo: 'Log in again (`gcloud auth application-default login`), or look at the workload identity provider.',
    });
  if (status === 403 && !/rate|quota/i.test(said))
    return new UserError(
      'not-permitted',
      `Could not ${doing} ${uri}: ${principal} has no ${permission} on bucket ${bucket} (403): ${said}`,
      {
        ...options,
        todo: `Grant ${ROLES[permission]} on gs://${bucket} to ${principal}.`,
      },
    );
  if (status === 404 && /bucket (?:does not exist|not found)/i.test(said))
    return new UserError('no-such-bucket', `Could not ${doing} ${uri}: there is no bucket ${bucket}.`, {
      ...options,
      todo: 'Correct the name, or make the bucket.',
    });
  if (status === 404) return noSuchObject(uri, error);
  if (status === 412)
    return new WorldError('precondition-failed', `${uri} was changed or made meanwhile by somebody else.`, {
      ...options,
      todo: 'Run again.',
    });
  if (status === 400 && /crc32c|md5/i.test(said))
    return new WorldError(DAMAGED_UPLOAD, `${uri} arrived damaged, and Cloud Storage did not take it: ${said}`, {
      ...options,
      todo: 'Run again.',
    });
  if (status !== undefined && status >= 400 && status < 500 && ![403, 408, 410, 416, 429].includes(status))
    return new UserError('store-refused', `Could not ${doing} ${uri}: Cloud Storage refused it (${status}): ${said}`, options);
  if (error.name === 'TimeoutError')
    return new WorldError('store-silent', `Could not ${doing} ${uri}: Cloud Storage did not answer in time.`, {
      ...options,
      todo: 'Run again.',
    });
  if (status === undefined && !isOfNetwork(error)) return error;
  return new WorldError(
    'store-fault',
    `Could not ${doing} ${uri}: ${status === undefined ? 'no connection to Cloud Storage' : `Cloud Storage answered ${status}`}: ${said}`,
    {
      ...options,
      todo: 'Run again.',
    },
  );
}

export const noSuchObject = (uri: string, cause?: unknown): UserError =>
  new UserError('no-such-object', `${uri} does not exist.`, { todo: 'Check the URI.', ...(cause !== undefined && { cause }) });

/** The storage client says `code`, the authentication library `status`; either may be text. */
function statusOf(error: Error): number | undefined {
  const told = [('status' in error && error.status) || undefined, ('code' in error && error.code) || undefined].map(Number);
  return told.find((status) => Number.isInteger(status) && status >= 100 && status < 600);
}

function isOfNetwork(error: Error): boolean {
  const code = (each: unknown) => (each instanceof Error && 'code' in each ? String(each.code) : '');
  const network = /^(?:E[A-Z_]+|UND_ERR_[A-Z_]+)$/;
  return (
    network.test(code(error)) ||
    network.test(code(error.cause)) ||
    (error instanceof TypeError && /fetch failed|terminated/.test(error.message)) ||
    /network|socket|premature close/i.test(error.message)
  );
}
