import { UserError, WorldError } from '../../kernel/errors.ts';
import { type Patience, patiently } from './patience.ts';

export interface HubDoor {
  readonly patience: Patience;
  readonly log: (line: string) => void;
  readonly hasToken: boolean;
}

/** `fetch` for one purpose: with a time limit, obeying the signal, patient; an answer that is no success comes as an error of ours. */
export function askHub(uri: string, signal: AbortSignal, { patience, log, hasToken }: HubDoor): typeof fetch {
  return (input, init) =>
    patiently(
      async (within) => {
        try {
          // The time limit is for the answer's head; whoever reads a long body watches over it.
          const reply = await fetch(input, { ...init, signal: patience.tries === 1 ? signal : within });
          if (reply.ok) return reply;
          await reply.body?.cancel();
          throw refusal(uri, reply, hasToken);
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof UserError || error instanceof WorldError) throw error;
          throw new WorldError(
            'hub-fault',
            `${uri}: no answer from the Hugging Face Hub (${error instanceof Error ? error.message : String(error)}).`,
            { cause: error, todo: 'Run again.' },
          );
        }
      },
      { patience, signal, log },
    );
}

function refusal(uri: string, { status, headers }: Response, hasToken: boolean): UserError | WorldError {
  const code = headers.get('x-error-code') ?? '';
  const [what, named] = uri.startsWith('hf://datasets/') ? ['dataset', 'data set'] : ['model', 'model'];
  if (code === 'GatedRepo')
    return new UserError(`gated-${what}`, `${uri} is given only to those who accepted its conditions.`, {
      todo: 'Accept them on its page on the Hub, and set HF_TOKEN to a token of that account.',
    });
  if (code === 'RevisionNotFound')
    return new UserError('no-such-revision', `${uri}: the Hub knows no such revision.`, { todo: 'Correct the branch, tag or commit.' });
  if (code === 'EntryNotFound') return new UserError('no-such-object', `${uri} does not exist.`, { todo: 'Check the path.' });
  if (status === 401 || status === 403 || status === 404)
    return new UserError(`no-such-${what}`, `${uri}: the Hub knows no such ${named}, or it is private (${status}).`, {
      todo: hasToken
        ? 'Correct the name, or give the token of HF_TOKEN read access to it.'
        : 'Correct the name, or set HF_TOKEN for a private one.',
    });
  if (status === 429)
    return new WorldError('rate-limited', `${uri}: the Hub wants fewer requests (429).`, {
      todo: hasToken ? 'Run again in some minutes.' : 'Set HF_TOKEN: it raises the limit.',
    });
  if (status >= 500 || status === 408) return new WorldError('hub-fault', `${uri}: the Hub answered ${status}.`, { todo: 'Run again.' });
  return new UserError('store-refused', `${uri}: the Hub refused it (${status}).`);
}
