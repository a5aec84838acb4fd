import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { providers as makers, type Settings, stages as stageEntries } from '../catalog.ts';
import { sha256 } from '../kernel/digest.ts';
import { makeFolders, writeWhole } from '../kernel/durable-file.ts';
import { InvalidInputs } from '../kernel/errors.ts';
import { execute } from '../kernel/execute.ts';
import { decide, inOrder, outcomeOf, recordsBefore, type StageEntry, takesPart } from '../kernel/flow.ts';
import { type FileRef, MANIFEST_SCHEMA, type Manifest } from '../kernel/record.ts';
import { runFolder, writeRun } from '../kernel/run-folder.ts';
import type { ProvidersOf, Slots } from '../kernel/stage.ts';
import { completeInputs } from '../pipeline/resolve.ts';
import { objects as objectsSlot } from '../providers/kept-objects.ts';
import { store as storeSlot } from '../providers/stores/store.ts';
import { bringBack, keepOutputs } from './kept-outputs.ts';
import { redactor } from './redact.ts';
import type { View } from './view.ts';
import { wire } from './wiring.ts';

/** Everything a run is started with, from whichever door. */
export interface RunRequest {
  readonly model: string;
  readonly pipeline?: string;
  /** Values of the shared keys, complete. */
  readonly shared: Readonly<Record<string, unknown>>;
  /** Inputs of each stage as the pipeline file, overrides and defaults give them. */
  readonly stages: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What `resolved.json` holds. */
  readonly resolved: unknown;
  /** Digest of the part of the configuration that can change the model. */
  readonly configuration: string;
  readonly policy: {
    readonly retries: number;
    readonly delaySeconds: number;
    readonly timeoutSeconds: number;
    readonly graceSeconds?: number;
  };
  readonly logicalDate: string;
  readonly force: boolean;
  readonly home: string;
  readonly base: string;
  readonly root: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: () => Date;
  /** Stages to run, all by default; the others are left as an earlier run's records say. */
  readonly only?: readonly string[];
  /** Will somebody else run `report`, which is not among these stages? */
  readonly reported?: boolean;
  /** Manifest of a run that is gone on with. */
  readonly previous?: Manifest;
  /** Id of a run that begins; made from model and time by default. */
  readonly id?: string;
  /** What runs, in order: the stages of a run by default. */
  readonly entries?: readonly StageEntry[];
  /** Where somebody can watch the run. */
  readonly links?: Manifest['links'];
  /** The door's hand on each provider that is made. */
  readonly around?: Around;
}

/** Gives a provider back, or what stands before it. */
export type Around = (kind: string, provider: unknown) => unknown;

// Reporting a cancelled run must not take long: the platform ends the process soon.
const REPORT_SECONDS_AFTER_CANCEL = 8;

/** One passage through the stages. Ends with the manifest; errors inside stages are in its records. */
export async function run(request: RunRequest, view: View, signal: AbortSignal): Promise<Manifest> {
  const { clock, home } = request;
  const entries = inOrder(request.entries ?? stageEntries, request.stages.register?.when);
  const id = request.previous?.id ?? request.id ?? newRunId(request.model, clock());
  const folder = runFolder(home, id);
  await makeFolders(folder);
  const redact = redactor(request.env);
  await writeWhole(join(folder, 'resolved.json'), `${redact(JSON.stringify(request.resolved, undefined, 2), 'value')}\n`);

  let manifest: Manifest = request.previous ?? {
    schema: MANIFEST_SCHEMA,
    id,
    model: request.model,
    pipeline: request.pipeline,
    logicalDate: request.logicalDate,
    seed: seedOf(request),
    force: request.force,
    started: clock().toISOString(),
    retrain: request.version,
    owner: typeof request.shared.owner === 'string' ? redact(request.shared.owner) : undefined,
    machine: {
      platform: platform(),
      arch: arch(),
      cpus: cpus().length,
      memoryGb: Math.round(totalmem() / 1e8) / 10,
      node: process.version,
    },
    links: [...(request.links ?? [])],
    outcome: 'running',
    promoted: false,
    records: [],
  };
  await writeRun(folder, manifest);
  view.runStarted(manifest);

  const checked = new Set<string>();
  for (const entry of entries) {
    if ((request.only && !request.only.includes(entry.name)) || !takesPart(entry, request.shared.task)) continue;
    const decision = decide(entry, entries, manifest.records);
    if (!decision.run) {
      view.stageNotRun(entry.name, decision.reason);
      continue;
    }
    // The report says how the run ended, so the manifest must say it first.
    if (entry.phase === 'report' && manifest.outcome === 'running') manifest = await keep(folder, closed(manifest, clock()));
    const record = await runStage(entry, entries, request, manifest, folder, view, stageSignal(entry, signal), checked);
    manifest = await keep(folder, withRecord(manifest, record, entries, declaredSeed(request) !== undefined), record);
    // Its results are in the stage's files; only a stage that is begun again would look for them, and that one may have to wait for a report.
    if (record.outcome === 'completed' && entry.phase !== 'report') await rm(jobsOf(folder), { recursive: true, force: true });
    view.stageEnded(record);
  }
  return keep(folder, {
    ...closed(manifest, clock()),
    outcome: manifest.outcome === 'running' ? outcomeOf(manifest.records).outcome : manifest.outcome,
  });
}

/** After a cancel the report still says so, within a short time of its own. */
function stageSignal(entry: StageEntry, signal: AbortSignal): AbortSignal {
  return entry.phase === 'report' && signal.aborted ? AbortSignal.timeout(REPORT_SECONDS_AFTER_CANCEL * 1000) : signal;
}

async function runStage(
  entry: StageEntry,
  entries: readonly StageEntry[],
  request: RunRequest,
  manifest: Manifest,
  folder: string,
  view: View,
  signal: AbortSignal,
  checked: Set<string>,
) {
  view.stageStarted(entry.name);
  const stage = await entry.load();
  const redact = redactor(request.env);
  const log = {
    info: (line: string) => view.line(entry.name, line),
    warn: (code: string, text: string) => view.warning(entry.name, code, text),
    progress: (share: number, text: string) => view.progress(entry.name, share, text),
  };
  const open = { ...request, inputs: {}, log: log.info, signal };
  const store = async () => (await makeProviders({ store: storeSlot }, open)).store;
  const objects = async () => (await makeProviders({ objects: objectsSlot }, open)).objects;
  const { record, error } = await execute({
    stage,
    inputs: async () => {
      const given = request.stages[entry.name] ?? {};
      const facts = { configuration: request.configuration, force: request.force, refused: refusedText(manifest) };
      const config = { ...request.stages, run: (request.shared.run ?? {}) as Record<string, unknown> };
      const bring = (ref: FileRef, path: string) => bringBack(ref, path, { store, objects, signal, log: log.info });
      const wired = await wire(
        stage,
        given,
        recordsBefore(entry, entries, manifest.records),
        { folder, values: facts, config, bring },
        checked,
      );
      const complete = completeInputs(stage, given, wired.inputs);
      if (complete.kind === 'invalid') throw new InvalidInputs(complete.problems, `inputs of ${stage.name}`);
      return { values: complete.inputs, shown: wired.shown };
    },
    providers: (inputs, attempt) =>
      makeProviders(stage.needs, { ...request, jobs: jobsOf(folder), run: manifest.id, inputs, log: log.info, signal: attempt }),
    run: {
      id: manifest.id,
      model: manifest.model,
      logicalDate: manifest.logicalDate,
      seed: manifest.seed,
      reported: request.reported ?? request.only?.includes('report') ?? true,
    },
    folder: join(folder, 'files', entry.name),
    folderUri: `files/${entry.name}`,
    policy: request.policy,
    signal,
    log,
    clock: request.clock,
    redact,
  });
  if (error !== undefined && record.error?.fault === 'ours') await keepTrace(folder, entry.name, redact(traceOf(error)));
  const place = request.shared.store;
  if (typeof place !== 'string' || record.outcome !== 'completed') return record;
  return keepOutputs(record, stage.keeps ?? [], { folder, place, store, signal, log, redact });
}

/** Where the cache of a home folder lies; one may serve several homes. */
export const cacheOf = (home: string, env: Settings['env']): string => env.RETRAIN_CACHE ?? join(home, 'cache');

/** Where the jobs of a run or of a stage alone lie: beside its files, which a stage that starts again empties. */
export const jobsOf = (folder: string): string => join(folder, 'jobs');

/** Makes just the providers that `needs` names. */
export async function makeProviders<Needs extends Slots>(
  needs: Needs,
  settings: Omit<Settings, 'cache'> & { readonly around?: Around },
): Promise<ProvidersOf<Needs>> {
  const around = settings.around ?? ((_kind, provider) => provider);
  const made: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(needs)) {
    const maker = makers[kind];
    if (!maker) throw new RangeError(`No provider of kind ${kind} is in the catalogue.`);
    made[name] = around(kind, await maker({ ...settings, cache: cacheOf(settings.home, settings.env) }));
  }
  return made as ProvidersOf<Needs>;
}

const keepTrace = (folder: string, stage: string, trace: string): Promise<void> =>
  writeWhole(join(folder, `${stage}.trace.log`), `${trace}\n`);

const traceOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

const keep = async (folder: string, manifest: Manifest, newest?: Manifest['records'][number]): Promise<Manifest> => {
  await writeRun(folder, manifest, newest);
  return manifest;
};

/** Records stand in the order of the run, also where a job of its own has registered after others had judged. */
function withRecord(
  manifest: Manifest,
  record: Manifest['records'][number],
  entries: readonly StageEntry[],
  seedDeclared: boolean,
): Manifest {
  const order = entries.map(({ name }) => name);
  const records = [...manifest.records.filter(({ stage }) => stage !== record.stage), record].sort(
    (a, b) => order.indexOf(a.stage) - order.indexOf(b.stage),
  );
  const text = (stage: string, output: string) => records.find((candidate) => candidate.stage === stage)?.outputs[output];
  const key = text('fetch-data', 'key');
  const version = text('register', 'version') ?? text('fetch-data', 'version') ?? text('gate', 'version');
  return {
    ...manifest,
    records,
    key: typeof key === 'string' ? key : manifest.key,
    seed: typeof key === 'string' && !seedDeclared ? sha256(key).slice(0, 16) : manifest.seed,
    version: typeof version === 'number' ? version : manifest.version,
    promoted: text('promote', 'promoted') === true,
  };
}

function closed(manifest: Manifest, now: Date): Manifest {
  const { outcome, reason } = outcomeOf(manifest.records);
  return { ...manifest, outcome, reason, ended: now.toISOString() };
}

function refusedText(manifest: Manifest): string | undefined {
  const { outcome, reason } = outcomeOf(manifest.records);
  return outcome === 'refused' && reason ? JSON.stringify(reason) : undefined;
}

/** The model, the instant, and four hex digits against two runs in one second. */
export function newRunId(model: string, now: Date): string {
  return `${model}-${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z-${randomBytes(2).toString('hex')}`;
}

/** `run.seed` of the pipeline file; 0 stands for none: then the key decides, so that the same key draws the same numbers. */
const declaredSeed = (request: RunRequest): number | undefined => (request.shared.run as { seed?: number } | undefined)?.seed || undefined;

function seedOf(request: RunRequest): string {
  const declared = declaredSeed(request);
  return declared === undefined ? request.configuration.slice(0, 16).padEnd(16, '0') : BigInt(declared).toString(16).padStart(16, '0');
}
