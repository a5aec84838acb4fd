import type { VertexClients } from '../google/vertex-clients.ts';
import type { Store } from '../stores/store.ts';
import type { TrainerDescription, TrainerSource } from './backend.ts';
import type { Machine } from './vertex-job.ts';
import type { Tempo } from './vertex-settle.ts';

export interface VertexBackendOptions {
  readonly clients: VertexClients;
  readonly store: Store;
  /** URI of the folder that everything of the pipeline goes to, absolute and without a slash at its end. */
  readonly storeUri: string;
  readonly run: string;
  readonly model: string;
  readonly machine: Machine;
  /** An image of the user's own by digest; absent: one of Google's with Retrain's package. */
  readonly image?: string;
  readonly serviceAccount?: string;
  /** Threads the user asked for; absent: all of the machine's. */
  readonly threads?: number;
  readonly root: string;
  /** Folder for what is known of the jobs of this run. */
  readonly jobs: string;
  /** Asks a module that comes with Retrain to describe itself, on this machine. */
  readonly describe: (trainer: TrainerSource, signal: AbortSignal) => Promise<TrainerDescription>;
  readonly log: (line: string) => void;
  readonly tempo?: Tempo;
  readonly now?: () => Date;
}
