import { UserError } from '../../kernel/errors.ts';
import { slot } from '../../kernel/stage.ts';

export type Alias = 'champion' | 'previous' | 'staging' | (string & {});

/** Which version each alias names. `generation` grows by one with each change and is what compare-and-swap compares. */
export interface Aliases {
  readonly generation: number;
  readonly versions: Readonly<Partial<Record<Alias, number>>>;
}

export interface StoredFile {
  /** Path within the version, with `/`, e.g. `model/model.ubj`. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A registered version. `metadata` is the JSON the `register` stage made: metrics, verdicts, digests, run, algorithm, … */
export interface Version {
  readonly model: string;
  readonly version: number;
  readonly created: string;
  readonly files: readonly StoredFile[];
  /** Digest over `files` (sorted path, NUL, digest, newline): the identity of the candidate. */
  readonly digest: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** What a version is made from: local files by their path within the version. */
export interface VersionDraft {
  readonly files: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly created: string;
}

export interface OutcomeEntry {
  readonly run: string;
  readonly at: string;
  readonly outcome: 'passed' | 'refused';
  readonly reason?: { readonly code: string; readonly text: string };
  readonly version?: number;
}

/** What a model remembers between runs, refused ones included. */
export interface ModelState {
  /** Idempotency key → how it ended. */
  readonly outcomes: Readonly<Record<string, OutcomeEntry>>;
  /** Cheap fingerprint of the source, and the configuration part of the key, at the last decided run. */
  readonly source?: { readonly fingerprint: string; readonly configuration: string; readonly key: string };
  readonly lastTrained?: {
    readonly at: string;
    readonly logicalDate: string;
    readonly data: string;
    readonly rows: number;
    readonly version?: number;
  };
  /** Free space for stages: name → JSON. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** One line of `history.jsonl`: what happened to the model, for people and for the trend in the report. */
export interface HistoryEvent {
  readonly at: string;
  readonly event: 'registered' | 'proposed' | 'promoted' | 'rolled-back' | 'refused' | 'removed' | 'reset';
  readonly run?: string;
  readonly version?: number;
  readonly text: string;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A promotion that waits for people. */
export interface Proposal {
  readonly url: string;
  readonly number: number;
  /** Digest of the version it is bound to. */
  readonly digest: string;
}

/**
 * Where versions and aliases live. Every call may be repeated; none leaves a version half there.
 * Errors: `UserError` `no-such-version`, `digest-mismatch` (message names file, expected, found), `registry-not-writable`;
 * `WorldError` `alias-moved` when compare-and-swap lost.
 */
export interface Registry {
  /** `file:…` or another URI, for messages and records. */
  readonly uri: string;
  aliases(model: string, signal: AbortSignal): Promise<Aliases>;
  /** The version an alias names, or undefined. */
  find(model: string, alias: Alias, signal: AbortSignal): Promise<Version | undefined>;
  version(model: string, version: number, signal: AbortSignal): Promise<Version>;
  /** Ascending. */
  versions(model: string, signal: AbortSignal): Promise<readonly Version[]>;
  /** Names of all models in the registry, sorted. */
  models(signal: AbortSignal): Promise<readonly string[]>;
  /** Adds the next version; the same draft (by digest) again gives the version that is already there. */
  add(model: string, draft: VersionDraft, signal: AbortSignal): Promise<Version>;
  /** Sets tags of a version (the only thing of it that may change). */
  tag(model: string, version: number, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** Moves aliases in one step if `generation` still holds, else throws `alias-moved`. `undefined` removes an alias. */
  move(
    model: string,
    changes: Readonly<Partial<Record<Alias, number | undefined>>>,
    generation: number,
    signal: AbortSignal,
  ): Promise<Aliases>;
  /** Copies files of a version (all, or those under `prefix`) into `folder`, each checked against its digest. */
  fetch(version: Version, folder: string, options: { prefix?: string; signal: AbortSignal }): Promise<void>;
  /** Removes a version; refuses (`UserError` `aliased`) while an alias names it. */
  remove(model: string, version: number, signal: AbortSignal): Promise<void>;
  state(model: string, signal: AbortSignal): Promise<ModelState>;
  /** Read, change, write back under the registry's own exclusion; `change` may be called again after a lost race. */
  updateState(model: string, change: (state: ModelState) => ModelState, signal: AbortSignal): Promise<ModelState>;
  history(model: string, signal: AbortSignal): Promise<readonly HistoryEvent[]>;
  append(model: string, event: HistoryEvent, signal: AbortSignal): Promise<void>;
  /**
   * Puts a promotion before people instead of moving the alias: where given, accepting the proposal makes `version` the champion and
   * writes `event` into the history. It holds for this version's digest and for `generation` only: after the aliases have moved it can no
   * longer be accepted, and a proposal of another version takes its place. The same one again brings the open one up to date.
   * Errors: `alias-moved`, `no-such-version`. Absent: the registry has nobody to ask.
   */
  readonly propose?: (
    model: string,
    version: number,
    proposal: { readonly generation: number /** Markdown for the reviewer. */; readonly text: string; readonly event: HistoryEvent },
    signal: AbortSignal,
  ) => Promise<Proposal>;
  /** What the service behind the registry calls a version, and what a reader of the record should know of it. Absent: it has no names of its own. */
  readonly entry?: (version: Version, signal: AbortSignal) => Promise<{ readonly name: string; readonly remark?: string }>;
  /** Proves that the registry can be written, without leaving anything; else a `UserError` with what to do. */
  probe(signal: AbortSignal): Promise<void>;
}

/** Has the registry a URI names people to {@link Registry.propose} to? */
export const asksPeople = (uri: string): boolean => /^git(?::|$)/.test(uri);

export const cannotPropose = (uri: string): UserError =>
  new UserError('cannot-propose', `promote.by is pull-request, but the registry ${uri} has nobody to ask.`, {
    todo: 'Use `registry: git`, or `promote.by: alias`.',
  });

export const registry = slot<Registry>('registry');
