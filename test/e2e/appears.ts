import { setTimeout as sleep } from 'node:timers/promises';
import type { Project } from './support.ts';

/** Waits until a file of the project is there with something in it. */
export async function appears(project: Project, path: string): Promise<string> {
  for (let i = 0; i < 1200; i++) {
    const text = await project.read(path).catch(() => '');
    if (text !== '') return text;
    await sleep(50);
  }
  throw new Error(`${path} did not appear.`);
}

const STANDSTILL_MS = 60_000;

/** Waits until `done` says so, as long as it may take while `signs` change: a busy machine is slow, one that stands still has failed. */
export async function whileItMoves(what: string, signs: () => string, done: () => boolean): Promise<void> {
  let [seen, since] = [signs(), performance.now()];
  while (!done()) {
    const now = signs();
    if (now !== seen) [seen, since] = [now, performance.now()];
    if (performance.now() - since > STANDSTILL_MS) throw new Error(`${what} stood still for ${STANDSTILL_MS} ms after:\n${seen}`);
    await sleep(25);
  }
}

/** Waits until `done` says so; gives the milliseconds it took. */
export async function within(milliseconds: number, what: string, done: () => Promise<boolean>): Promise<number> {
  const start = performance.now();
  while (!(await done())) {
    if (performance.now() - start > milliseconds) throw new Error(`${what} took longer than ${milliseconds} ms.`);
    await sleep(25);
  }
  return performance.now() - start;
}
