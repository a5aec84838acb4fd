import type { Arguments, Option } from './arguments.ts';
import type { Screen } from './terminal-view.ts';

/** What a verb of the terminal may reach. */
export interface Door {
  readonly cwd: string;
  /** Folder of Retrain itself. */
  readonly root: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** Standard output: what was asked for. */
  readonly out: Screen;
  /** Standard error: everything else. */
  readonly err: Screen;
}

export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** After `retrain <name>`, e.g. `FILE [options]`. */
  readonly usage: string;
  readonly arguments: number;
  readonly options: readonly Option[];
  run(args: Arguments, door: Door): Promise<number>;
}

export const HOME_OPTION: Option = { name: 'home', value: 'FOLDER', text: 'Where runs, registry and cache lie; .retrain by default.' };
export const JSON_OPTION: Option = { name: 'json', text: 'Print JSON for programs.' };
