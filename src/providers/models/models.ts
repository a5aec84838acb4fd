import { slot } from '../../kernel/stage.ts';

/** One file of a model as it lies in a store. */
export interface ModelFile {
  /** Below the model's folder, with `/`. */
  readonly path: string;
  /** At a fixed revision where the store has them. */
  readonly uri: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A model that was brought to a folder of this machine. */
export interface FetchedModel {
  readonly uri: string;
  /** Digest of the folder, as a record names it. */
  readonly sha256: string;
  /** Generation of its one file, commit of its repository, or a digest over the generations of its files. */
  readonly generation: string;
  readonly files: readonly ModelFile[];
}

/** Models made elsewhere: in a bucket, on the Hugging Face Hub, in a folder. */
export interface Models {
  /** URI of the newest model below a prefix: by the version in its name, then the time it was changed, then its path; `undefined` when there is none. */
  newest(prefix: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Brings a model (a folder of files, or one file) into a new folder: every file compared with its digest or checksum, kept in the cache by digest.
   * `no-such-model` when nothing lies there, `unsafe-model` when it is of a form that may run code on loading, `damaged-model`.
   */
  fetch(uri: string, to: string, signal: AbortSignal): Promise<FetchedModel>;
}

export const models = slot<Models>('models');
