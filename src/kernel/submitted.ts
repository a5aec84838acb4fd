/**
 * Thrown by a stage whose work goes on elsewhere without it: no error, and no verdict yet. Its record says `submitted`, and whoever goes on
 * with the run begins the stage again.
 */
export class Submitted extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Submitted';
  }
}

/** Begins all of some works one after another, and only then says which of them go on elsewhere. */
export async function beginAll<T>(works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const done: T[] = [];
  const elsewhere: string[] = [];
  for (const work of works) {
    try {
      done.push(await work());
    } catch (error) {
      if (!(error instanceof Submitted)) throw error;
      elsewhere.push(error.message);
    }
  }
  if (elsewhere.length > 0) throw new Submitted(elsewhere.join('; '));
  return done;
}
