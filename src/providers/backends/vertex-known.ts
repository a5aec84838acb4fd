import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from './backend.ts';

/** The jobs this run has made, in its own folder: known from the answer on, whatever the service's list shows. */
export class KnownJobs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Without a pause: nothing may come between an answer and this. */
  remember(job: Job): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(this.#file(job.key), `${JSON.stringify(job)}\n`);
  }

  /** Names of the jobs of a key. */
  names(key: string): readonly string[] {
    try {
      const { key: of, details } = JSON.parse(readFileSync(this.#file(key), 'utf8')) as Job;
      return of === key && details.name !== undefined ? [details.name] : [];
    } catch {
      return [];
    }
  }

  #file(key: string): string {
    return join(this.#folder, `vertex-${key.slice(0, 32)}.json`);
  }
}
