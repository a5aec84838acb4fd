import { UserError } from '../../kernel/errors.ts';
import type { Context } from '../../kernel/stage.ts';
import type { Store } from '../../providers/stores/store.ts';

/** Tries the pipeline's store by writing a small file into it and removing it again; errors say what is missing. */
export async function probeStore(place: string, store: Store, { files, run, signal, log }: Context): Promise<void> {
  const { file } = await files.write('probe.txt', `${run.id}\n`);
  const uri = `${place.replace(/\/+$/, '')}/${run.id}/probe.txt`;
  await store.put(files.path(file), uri, { signal });
  try {
    await store.remove(uri, signal);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.warn('store-not-emptied', `${error.message} A repeated run could not replace its files.`);
  }
}
