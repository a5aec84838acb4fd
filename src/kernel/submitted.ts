import { faultOf } from './errors.ts';

/**
 * Thrown by a stage whose work goes on elsewhere without it: no error, and no verdict yet. Its record says `submitted`, and whoever goes on
 * with the run begins the stage again. With a `cause`, not all of the work could be begun, for a reason that may pass: worth another attempt.
 */
export class Submitted extends Error {
  readonly fault?: 'world';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'Submitted';
    if (cause !== undefined) this.fault = 'world';
  }
}

/**
 * Begins all of some works one after another, and only then says which of them go on elsewhere. One that fails for good is thrown at once;
 * one that fails by the world's fault does not take the others from the run.
 */
export async function beginAll<T>(works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const done: T[] = [];
  const elsewhere: Submitted[] = [];
  for (const work of works) {
    try {
      done.push(await work());
    } catch (error) {
      if (error instanceof Submitted) elsewhere.push(error);
      else if (elsewhere.length > 0 && faultOf(error) === 'world') {
        const why = error instanceof Error ? error.message : String(error);
        elsewhere.push(new Submitted(`the rest could not be begun: ${why}`, error));
        break;
      } else throw error;
    }
  }
  if (elsewhere.length > 0) {
    const text = elsewhere.map(({ message }) => message).join('; ');
    throw new Submitted(text, elsewhere.find(({ cause }) => cause !== undefined)?.cause);
  }
  return done;
}
