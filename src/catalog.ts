import { join } from 'node:path';
import { BUNDLED } from './bundled.ts';
import type { StageEntry } from './kernel/flow.ts';
import type { Stage } from './kernel/stage.ts';
import type { NotifierChoice } from './providers/notifiers/notifier.ts';

/** Every stage in the order of a run. */
export const stages: readonly StageEntry[] = [
  { name: 'gate', phase: 'prepare', load: async () => asStage((await import('./stages/gate/stage.ts')).gate) },
  { name: 'fetch-model', phase: 'prepare', load: async () => asStage((await import('./stages/fetch-model/stage.ts')).fetchModel) },
  { name: 'fetch-data', phase: 'prepare', load: async () => asStage((await import('./stages/fetch-data/stage.ts')).fetchData) },
  { name: 'validate-data', phase: 'prepare', load: async () => asStage((await import('./stages/validate-data/stage.ts')).validateData) },
  { name: 'drift', phase: 'prepare', load: async () => asStage((await import('./stages/drift/stage.ts')).drift) },
  { name: 'prepare-data', phase: 'prepare', load: async () => asStage((await import('./stages/prepare-data/stage.ts')).prepareData) },
  { name: 'train', phase: 'train', load: async () => asStage((await import('./stages/train/stage.ts')).train) },
  { name: 'evaluate', phase: 'assess', load: async () => asStage((await import('./stages/evaluate/stage.ts')).evaluate) },
  { name: 'bias-check', phase: 'assess', load: async () => asStage((await import('./stages/bias-check/stage.ts')).biasCheck) },
  {
    name: 'syntax-validate',
    phase: 'assess',
    tasks: ['text-to-sql'],
    load: async () => asStage((await import('./stages/syntax-validate/stage.ts')).syntaxValidate),
  },
  { name: 'register', phase: 'publish', load: async () => asStage((await import('./stages/register/stage.ts')).register) },
  { name: 'promote', phase: 'publish', closes: true, load: async () => asStage((await import('./stages/promote/stage.ts')).promote) },
  { name: 'report', phase: 'report', load: async () => asStage((await import('./stages/report/stage.ts')).report) },
  { name: 'notify', phase: 'report', load: async () => asStage((await import('./stages/notify/stage.ts')).notify) },
];

/** What the verb `predict` does; not part of a run. */
export const predict = { name: 'predict', load: async () => asStage((await import('./stages/predict/stage.ts')).predict) };

/** Stages that are no part of a run. */
export const standalone: readonly Pick<StageEntry, 'name' | 'load'>[] = [predict];

/** The list holds stages of many shapes; each was checked against its own types where it was defined. */
const asStage = (stage: unknown): Stage => stage as Stage;

/** What a provider may be made from. Nothing of the process but what stands here. */
export interface Settings {
  /** `.retrain/` or what takes its place. */
  readonly home: string;
  /** Everything that can be made again, by digest. */
  readonly cache: string;
  /** Folder for what is known of the jobs of this run; gone with the run. Absent: in the cache. */
  readonly jobs?: string;
  /** Id of the run. Absent: there is none. */
  readonly run?: string;
  /** Folder that paths of the pipeline file are relative to. */
  readonly base: string;
  /** Folder of Retrain itself, with `trainers/`. */
  readonly root: string;
  readonly model: string;
  /** Values of the pipeline file's shared keys. */
  readonly shared: Readonly<Record<string, unknown>>;
  /** Inputs of the stage the provider is made for. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The environment, for secrets by the names the schema lists and for the search path of children. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  /** Ends what a provider waits for while it is made. */
  readonly signal?: AbortSignal;
}

/** Every kind of provider; each choice of one behind `import()`, so that nothing is loaded that is not named. */
export const providers: Readonly<Record<string, (settings: Settings) => Promise<unknown>>> = {
  registry: async (settings) => {
    const { openRegistry } = await import('./providers/registries/open-registry.ts');
    const { home, shared, base, env, log } = settings;
    return openRegistry(String(shared.registry ?? 'file'), {
      home,
      base,
      keptIn: storeKey(shared),
      log,
      tokenPerJob: env.GITHUB_ACTIONS === 'true',
      forge: () => forgeOf(settings),
      store: () => storeOf(settings),
      objects: async () => (await bringer(settings, 'models')).bring,
      vertex: () => vertexOf(settings),
    });
  },
  forge: (settings) => forgeOf(settings),
  data: async (settings) => {
    const { base, cache, root } = settings;
    const { openData } = await import('./providers/sources/data.ts');
    const { tableWorkersFromBundle, tableWorkersFromSources } = await import('./providers/sources/table-workers.ts');
    return openData({
      base,
      cache,
      inStores: () => bringer(settings, 'data'),
      workers: BUNDLED ? tableWorkersFromBundle(join(root, 'actions', 'dist')) : tableWorkersFromSources(root),
    });
  },
  store: (settings) => storeOf(settings),
  // What comes back to a later job of a run is of use to this run alone; a model from elsewhere was kept where it was fetched first.
  objects: async (settings) => (await bringer(settings, 'models', { saves: false })).bring,
  models: async (settings) => {
    const { baseModels } = await import('./providers/models/base-models.ts');
    return baseModels({ ...(await bringer(settings, 'models')), base: settings.base });
  },
  backend: async ({ cache, jobs = join(cache, 'jobs'), run = 'alone', root, base, env, log, inputs, shared, model }) => {
    const { localBackend } = await import('./providers/backends/local.ts');
    const jobCache = await jobCacheOf({ env, root, log });
    const local = localBackend({ root, cache, jobs, workspace: base, env, log, jobCache });
    if (inputs.backend !== 'vertex') return local;
    const { openVertexBackend } = await import('./providers/backends/open-vertex.ts');
    return openVertexBackend({ inputs, shared, env, root, base, jobs, run, model, log, store: await storeOf({ base, env, log }), local });
  },
  engines: async ({ root }) => {
    const { sqlEngines } = await import('./providers/engines/sql-engines.ts');
    const { startFromBundle, startFromSources } = await import('./providers/engines/start.ts');
    const dist = join(root, 'actions', 'dist');
    return BUNDLED ? sqlEngines({ root, assets: dist }, startFromBundle(dist)) : sqlEngines({ root }, startFromSources(root));
  },
  trackers: async (settings) => {
    const { openTrackers } = await import('./providers/trackers/open-trackers.ts');
    const { home, shared, env, log } = settings;
    const { tensorboard } = (shared.google ?? {}) as { readonly tensorboard?: string };
    return openTrackers((shared.tracker ?? []) as readonly string[], {
      home,
      keptIn: storeKey(shared),
      ...(tensorboard !== undefined && { tensorboard }),
      log,
      store: () => storeOf(settings),
      vertex: () => vertexOf(settings),
      mlflow: async (address) => (await import('./providers/mlflow/mlflow-client.ts')).openMlflow(address, env),
    });
  },
  artifacts: async ({ log }) => {
    const { gitHubArtifacts } = await import('./providers/artifacts/github-artifacts.ts');
    return gitHubArtifacts(log);
  },
  notifiers: async ({ inputs, env, base }) => {
    const { openNotifiers } = await import('./providers/notifiers/open-notifiers.ts');
    return openNotifiers(inputs as NotifierChoice, env, base);
  },
};

async function forgeOf({ base, env, log, signal }: Pick<Settings, 'base' | 'env' | 'log' | 'signal'>) {
  const { openForge } = await import('./providers/forge/open-forge.ts');
  return openForge({ base, env, log, signal });
}

const storeKey = (shared: Settings['shared']): string | undefined => (typeof shared.store === 'string' ? shared.store : undefined);

async function storeOf({ base, env, log }: Pick<Settings, 'base' | 'env' | 'log'>) {
  const { openStore } = await import('./providers/stores/open-store.ts');
  return openStore({ base, env, log });
}

async function jobCacheOf({ env, root, log }: Pick<Settings, 'env' | 'root' | 'log'>) {
  const { openJobCache } = await import('./providers/caches/open-job-cache.ts');
  return openJobCache({ env, root, bundled: BUNDLED, log });
}

/** A store, and what brings objects of it into the cache. */
async function bringer(settings: Settings, what: 'data' | 'models', { saves = true } = {}) {
  const { keptObjects } = await import('./providers/kept-objects.ts');
  const { cache, log } = settings;
  const [store, jobCache] = await Promise.all([storeOf(settings), jobCacheOf(settings)]);
  const forJobs = jobCache && (saves ? jobCache : { ...jobCache, save: async () => undefined });
  return { store, bring: keptObjects({ store, cache, what, log, ...(forJobs && { jobCache: forJobs }) }) };
}

async function vertexOf({ shared, env }: Pick<Settings, 'shared' | 'env'>) {
  const { openVertex } = await import('./providers/google/vertex-clients.ts');
  return openVertex(shared.google, env);
}

/** Threads and processes of their own that the bundle starts through its entry. */
export const workers = {
  'sql-judge': () => import('./providers/engines/judge-worker-entry.ts'),
  tables: () => import('./providers/sources/table-worker-entry.ts'),
  'sql-execution': () => import('./providers/engines/execution-child-entry.ts'),
  'github-cache': () => import('./providers/caches/github-cache-child.ts'),
} as const;
export type WorkerRole = keyof typeof workers;
