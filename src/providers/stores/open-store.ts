import { UserError } from '../../kernel/errors.ts';
import { fileStore } from './file.ts';
import { absoluteUri, type Store } from './store.ts';

export interface StorePlace {
  /** What relative paths are relative to. */
  readonly base: string;
  /** For credentials, by the names the docs list; read when a URI wants them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
}

/** How a URI says which store it means; the first that matches serves it. */
const SCHEMES: readonly { readonly scheme: string; readonly open: (place: StorePlace) => Promise<Store> }[] = [
  { scheme: 'file:', open: async ({ log }) => fileStore({ log }) },
  { scheme: 'gs://', open: openGs },
  { scheme: 'hf://', open: openHf },
];

/** One store for every URI: each call goes to the store of its scheme, which is loaded when first named. `unknown-store` for a scheme nobody serves. */
export function openStore(place: StorePlace): Store {
  const opened = new Map<string, Promise<Store>>();
  const storeOf = (uri: string): Promise<Store> => {
    const found = SCHEMES.find(({ scheme }) => uri.startsWith(scheme));
    if (!found || uri === 'file:') throw unknownStore(uri);
    const store = opened.get(found.scheme) ?? found.open(place);
    opened.set(found.scheme, store);
    store.catch(() => opened.delete(found.scheme));
    return store;
  };
  const placed = (uri: string) => absoluteUri(uri, place.base);
  return {
    stat: async (uri, signal) => (await storeOf(placed(uri))).stat(placed(uri), signal),
    async *list(prefix, signal) {
      yield* (await storeOf(placed(prefix))).list(placed(prefix), signal);
    },
    get: async (uri, to, options) => (await storeOf(placed(uri))).get(placed(uri), to, options),
    put: async (from, uri, options) => (await storeOf(placed(uri))).put(from, placed(uri), options),
    remove: async (uri, signal) => (await storeOf(placed(uri))).remove(placed(uri), signal),
  };
}

/** An emulator, by the variable that the storage client itself knows, asks for no credentials. */
async function openGs({ env, log }: StorePlace): Promise<Store> {
  const { gsStore } = await import('./gs.ts');
  if (env.STORAGE_EMULATOR_HOST) return gsStore({ endpoint: env.STORAGE_EMULATOR_HOST, log });
  const { googleCredentials } = await import('../google/credentials.ts');
  return gsStore({ credentials: await googleCredentials(env), log });
}

async function openHf({ env, log }: StorePlace): Promise<Store> {
  const { hfStore } = await import('./hf.ts');
  return hfStore({ log, ...(env.HF_TOKEN && { token: env.HF_TOKEN }), ...(env.HF_ENDPOINT && { endpoint: env.HF_ENDPOINT }) });
}

const unknownStore = (uri: string) =>
  new UserError(
    'unknown-store',
    `${JSON.stringify(uri)} names no store: expected ${SCHEMES.map(({ scheme }) => scheme).join(', ')} or a path.`,
    {
      todo: 'Correct the URI.',
    },
  );
