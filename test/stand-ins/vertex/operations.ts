import { status } from '@grpc/grpc-js';
import { type Handler, Refusal } from './server.ts';

/** How long-running operations end. `@type` names the message, so that the server can pack it. */
export interface Ending {
  readonly type: string;
  readonly response: object;
}

export interface Operations {
  /** Begins an operation: `finish` runs when time has passed more than `polls` times, and what it gives (or throws) is how it ends. */
  begin(parent: string, finish: () => Ending, polls?: number): object;
  /** Time passes for all of them: one nobody asks after ends as well. */
  tick(): void;
  readonly handlers: Readonly<Record<string, Handler>>;
}

/** Operations that finish later, counted in calls and not by the clock. Not imitated: cancel, wait, list, expiry, progress in the metadata. */
export function operations(): Operations {
  const running = new Map<string, { left: number; finish: () => Ending; ended?: object }>();

  const tick = (): void => {
    for (const operation of running.values()) if (!operation.ended && operation.left-- <= 0) operation.ended = ending(operation.finish);
  };

  return {
    begin(parent, finish, polls = 1) {
      const name = `${parent}/operations/${running.size + 1}`;
      running.set(name, { left: polls, finish });
      return { name, done: false };
    },
    tick,
    handlers: {
      GetOperation: ({ name }: { name: string }) => {
        tick();
        const operation = running.get(name);
        if (!operation) throw new Refusal(status.NOT_FOUND, `Operation ${name} not found.`);
        return { name, done: operation.ended !== undefined, ...operation.ended };
      },
    },
  };
}

function ending(finish: () => Ending): object {
  try {
    const { type, response } = finish();
    return { response: { '@type': `type.googleapis.com/${type}`, ...response } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}
