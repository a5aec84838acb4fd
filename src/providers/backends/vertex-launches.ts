import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';
import { jsonOf, type StoreDocuments } from './store-documents.ts';

const launchSchema = z.object({
  key: z.string(),
  run: z.string(),
  /** Where the job writes, as a URI. */
  base: z.string(),
  /** When it was begun, by the clock of whoever did; for people. */
  at: z.iso.datetime(),
  /** Name of the job, once it is made. */
  job: z.string().optional(),
  /** The service has refused to make it. */
  refused: z.boolean().optional(),
});

/** That a job is being made for a key, or which one was. */
export type Launch = z.infer<typeof launchSchema> & { readonly generation: string };

/**
 * Which job stands for a key, kept in the store, where a condition on the generation lets only one of two writers win. Vertex AI itself has no
 * request ids, and its list may not show a new job at once.
 */
export class VertexLaunches {
  readonly #documents: StoreDocuments;
  readonly #store: string;
  /** By generation of a key's launch: when it was first read here. */
  readonly #firstRead = new Map<string, number>();

  /** `store`: URI of the folder of the pipeline in the store. */
  constructor(documents: StoreDocuments, store: string) {
    this.#documents = documents;
    this.#store = store;
  }

  async read(key: string, signal: AbortSignal): Promise<Launch | undefined> {
    const found = await this.#documents.read(this.#uri(key), signal);
    if (found === undefined) return undefined;
    const parsed = launchSchema.safeParse(jsonOf(found));
    // Taken for none, it would be written anew under a condition that can never hold.
    if (!parsed.success)
      throw new UserError('damaged-launch', `${this.#uri(key)} does not say which job stands for this work.`, {
        todo: 'Somebody else has written there. Remove it: the jobs themselves tell.',
      });
    const launch = { ...parsed.data, generation: found.generation };
    if (!this.#firstRead.has(nameOf(launch))) this.#firstRead.set(nameOf(launch), performance.now());
    return launch;
  }

  /** Milliseconds since a launch was first read here: no clock of another machine says how old it is. */
  knownMs(launch: Launch): number {
    const now = performance.now();
    return now - (this.#firstRead.get(nameOf(launch)) ?? now);
  }

  /** Writes a launch in the place of `before` (nothing, when undefined); undefined when somebody else was faster. */
  async write(launch: Omit<Launch, 'generation'>, before: Launch | undefined, signal: AbortSignal): Promise<Launch | undefined> {
    const text = `${JSON.stringify({ ...launch, generation: undefined })}\n`;
    const generation = await this.#documents.write(this.#uri(launch.key), text, { ifGeneration: before?.generation ?? 'absent', signal });
    return generation === undefined ? undefined : { ...launch, generation };
  }

  #uri(key: string): string {
    return `${this.#store}/launches/${key}.json`;
  }
}

const nameOf = ({ key, generation }: Launch): string => `${key} ${generation}`;
