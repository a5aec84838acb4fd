import { slot } from '../../kernel/stage.ts';

export interface KeptArtifact {
  readonly id: number;
  /** `sha256:` and 64 hex digits, of the archive as it was sent. */
  readonly digest: string;
}

/** Files that one job of a workflow run keeps for the jobs after it. */
export interface Artifacts {
  /** Keeps the named files of a folder under a name that is new in this workflow run. */
  save(name: string, folder: string, files: readonly string[], days: number, signal: AbortSignal): Promise<KeptArtifact>;
  /** Unpacks an artifact of this workflow run into an empty folder. Another digest than the expected one is a `UserError` `digest-mismatch`. */
  restore(kept: KeptArtifact, folder: string, signal: AbortSignal): Promise<void>;
}
export const artifacts = slot<Artifacts>('artifacts');
