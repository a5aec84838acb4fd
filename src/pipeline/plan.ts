import type { Reason } from '../kernel/verdict.ts';
import { filledFrom, ownInputs, type StageDeclaration, type StageDeclarations } from './declaration.ts';
import { formatDuration } from './duration.ts';
import type { Resolved } from './resolved.ts';
import { nearest } from './words.ts';

/** What a plan must know of the world; the host asks for it. */
export interface PlanFacts {
  /** Version in service; absent when there is none yet. */
  readonly champion?: { readonly version: number };
  /** How a run with this code, configuration and data ended, when the source's fingerprint already tells that there was one. */
  readonly known?: { readonly run: string; readonly outcome: 'passed' | 'refused'; readonly version?: number };
  /** Run although the key is known. */
  readonly force?: boolean;
  /** What jobs of the trainer run on, where that is chosen. */
  readonly machine?: string;
  /** Region of Vertex AI that the environment names. */
  readonly region?: string;
  /** Attempts must fit the six hours of one job. */
  readonly hosted?: boolean;
  /** Folder of runs, as it is shown. */
  readonly home: string;
  /** URI of the registry, as it is shown. */
  readonly registry: string;
}

export interface PlannedStage {
  readonly name: string;
  readonly summary: string;
  readonly will: 'run' | 'skip';
  /** Why it is skipped, or on what its running still depends. */
  readonly reason?: Reason;
  /** What it reads: sources the user named, the stages before it whose outputs it takes, the registry. */
  readonly reads: readonly string[];
  /** What is different afterwards: places outside the stage's own folder of the run. */
  readonly writes: readonly string[];
}

export interface PlannedGate {
  readonly stage: string;
  /** Metric or rule. */
  readonly name: string;
  /** As the user wrote it. */
  readonly threshold: string;
  readonly judged?: string;
}

/** What a run would do, before anything is spent. Plain data. */
export interface Plan {
  readonly model?: string;
  readonly stages: readonly PlannedStage[];
  readonly gates: readonly PlannedGate[];
  readonly warnings: readonly Reason[];
}

/** Stages that always speak, also about a run with nothing to do. */
const ALWAYS = ['report', 'notify'];
/** A job on a hosted runner ends after six hours, whatever it does. https://docs.github.com/en/actions/reference/limits */
const HOSTED_JOB_SECONDS = 6 * 3_600;
/** Inputs that name data of the user's. */
const DATA_INPUTS = ['source', 'sources', 'reference', 'current', 'data', 'trainer', 'command'];

/** Which stages will run or not and why, which gates apply, what is read and written, and what the reader should think about. */
export function plan(resolved: Resolved, stages: StageDeclarations, facts: PlanFacts): Plan {
  const names = Object.keys(stages).filter((name) => Object.hasOwn(resolved.stages, name));
  const model = typeof resolved.shared.name === 'string' ? resolved.shared.name : undefined;
  return {
    ...(model === undefined ? {} : { model }),
    stages: names.map((name) => planStage(stages[name]!, names, resolved, facts)),
    gates: names.flatMap((name) => gatesOf(name, resolved.stages[name]!.inputs)),
    warnings: [...attemptsWarning(resolved, facts), ...movingImageWarning(resolved), ...regionWarning(resolved, facts)],
  };
}

function planStage(stage: StageDeclaration, names: readonly string[], resolved: Resolved, facts: PlanFacts): PlannedStage {
  const { will, reason } = willRun(stage, names, resolved, facts);
  return {
    name: stage.name,
    summary: stage.summary,
    will,
    ...(reason === undefined ? {} : { reason }),
    reads: will === 'skip' ? [] : readsOf(stage, resolved, facts),
    writes: will === 'skip' ? [] : writesOf(stage, resolved, facts),
  };
}

function willRun(
  { name }: StageDeclaration,
  names: readonly string[],
  { shared, stages }: Resolved,
  { champion, known, force, machine, region }: PlanFacts,
): { readonly will: 'run' | 'skip'; readonly reason?: Reason } {
  const skip = (code: string, text: string) => ({ will: 'skip' as const, reason: { code, text } });
  const run = (code: string, text: string) => ({ will: 'run' as const, reason: { code, text } });
  const inputs = stages[name]!.inputs;
  const alone = names.length === 1;

  if (!alone && name !== 'gate' && !ALWAYS.includes(name)) {
    if (shared.enabled === false) return skip('disabled', 'The pipeline is not enabled.');
    const reuse = (shared.run as { 'on-same-key'?: string } | undefined)?.['on-same-key'] !== 'retrain';
    if (known !== undefined && reuse && force !== true) {
      const outcome = known.version === undefined ? `${known.outcome}, run ${known.run}` : `version ${known.version}`;
      return skip('same-key', `Code, configuration and data are those of an earlier run (${outcome}).`);
    }
  }
  if (name === 'gate' && shared.enabled === false) return run('disabled', 'It ends the run at once: the pipeline is not enabled.');
  if (champion === undefined && !alone) {
    if (name === 'fetch-model' && inputs.initial === undefined && inputs.prefix === undefined)
      return skip('no-champion', 'There is no champion yet.');
    if (name === 'drift') return skip('no-champion', 'There is no champion yet whose data could be compared with.');
    if (name === 'promote' && inputs.when !== 'never') return run('first-version', 'There is no champion yet: the gates alone decide.');
  }
  if (name === 'train' && shared.task === 'api') return skip('api', 'A model behind an API is not trained here.');
  if (name === 'train' && inputs.backend === 'vertex' && machine !== undefined) {
    const place = regionOf(shared, region);
    return run(
      'jobs-elsewhere',
      `As jobs of Vertex AI${place === undefined ? '' : ` in ${place}`}, each on ${machine}; whether the region has one left for you, only the launch tells.`,
    );
  }
  if (name === 'bias-check' && isEmpty(inputs.slices) && shared.task !== 'text-to-sql')
    return skip('no-slices', 'bias-check.slices names no column.');
  if (name === 'promote' && inputs.when === 'never')
    return run('never', 'promote.when is never: the version is registered and stays a candidate.');
  if (name === 'promote' && champion !== undefined)
    return run('comparison', `Only if the candidate is better than version ${champion.version} beyond noise.`);
  if (name === 'fetch-data' && names.includes('train') && force !== true) {
    return run('same-key', 'It ends the run if this code, configuration and data have run before.');
  }
  return { will: 'run' };
}

const isEmpty = (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0);

function readsOf(stage: StageDeclaration, { stages }: Resolved, { registry, champion }: PlanFacts): string[] {
  const inputs = stages[stage.name]!.inputs;
  // Only the model that training starts from is brought: `initial` is not where the champion takes its place.
  const base = inputs.base === 'latest' ? ['prefix'] : inputs.base === 'original' || champion === undefined ? ['initial'] : [];
  const given = [...DATA_INPUTS, ...base].filter((key) => Object.hasOwn(inputs, key)).flatMap((key) => texts(inputs[key]));
  const wires = ownInputs(stage)
    .filter(([key]) => !Object.hasOwn(inputs, key))
    .map(([, schema]) => filledFrom(schema))
    .filter((from) => from !== undefined && !/^(?:config|run)\./.test(from))
    .map((from) => from!.split('.')[0]!);
  const services = Object.values(stage.needs).some(({ kind }) => kind === 'registry') ? [registry] : [];
  return [...new Set([...given, ...wires, ...services])];
}

const texts = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? [value.join(' ')] : value.flatMap(texts);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
};

function writesOf({ name }: StageDeclaration, { shared }: Resolved, { home, registry }: PlanFacts): string[] {
  const model = typeof shared.name === 'string' ? shared.name : 'the model';
  switch (name) {
    case 'register':
      return [`${registry}: a new version of ${model}`];
    case 'promote':
      return [`${registry}: alias champion and state of ${model}`];
    case 'report':
      return [`${home}/runs/<run>/report.md`, `${home}/runs/<run>/report.html`];
    case 'notify':
      return ['messages to those it names'];
    default:
      return [];
  }
}

function gatesOf(stage: string, inputs: Readonly<Record<string, unknown>>): PlannedGate[] {
  if (typeof inputs.gates !== 'object' || inputs.gates === null) return [];
  return Object.entries(inputs.gates).map(([name, gate]) => {
    const { threshold, judge } =
      typeof gate === 'object' && gate !== null ? (gate as { threshold?: unknown; judge?: unknown }) : { threshold: gate };
    return { stage, name, threshold: String(threshold), ...(typeof judge === 'string' ? { judged: judge } : {}) };
  });
}

/** D9: the time limit is per attempt, and all attempts of a stage share one job. Said only about limits the user chose. */
function attemptsWarning({ shared, origins }: Resolved, { hosted }: PlanFacts): Reason[] {
  const run = shared.run as { retries: number; 'retry-delay': number; timeout: number } | undefined;
  const chosen = ['run.retries', 'run.retry-delay', 'run.timeout'].some((path) => (origins[path] ?? 'default') !== 'default');
  if (hosted !== true || run === undefined || !chosen) return [];
  const seconds = (run.retries + 1) * run.timeout + run.retries * run['retry-delay'];
  if (seconds <= HOSTED_JOB_SECONDS) return [];
  return [
    {
      code: 'attempts-beyond-wall',
      text: `${run.retries + 1} attempts of ${formatDuration(run.timeout)} with pauses of ${formatDuration(run['retry-delay'])} take up to ${formatDuration(seconds)}; a job on a hosted runner ends after ${formatDuration(HOSTED_JOB_SECONDS)}.`,
    },
  ];
}

/** Google's images exist under a name only, and what it names may be another tomorrow; the key cannot see that. */
function movingImageWarning({ stages }: Resolved): Reason[] {
  const inputs = stages.train?.inputs;
  if (inputs?.backend !== 'vertex' || String(inputs.image ?? '').includes('@sha256:')) return [];
  const image = inputs.image === undefined ? "one of Google's images" : String(inputs.image);
  return [{ code: 'moving-image', text: `train runs in ${image}, which may change: train.image by digest (NAME@sha256:…) does not.` }];
}

/** Where Vertex AI was, in November 2026: https://cloud.google.com/vertex-ai/docs/general/locations. There may be more by now. */
const REGIONS: readonly string[] = [
  ...['us-central1', 'us-east1', 'us-east4', 'us-east5', 'us-south1', 'us-west1', 'us-west2', 'us-west3', 'us-west4'],
  ...['northamerica-northeast1', 'northamerica-northeast2', 'southamerica-east1', 'southamerica-west1'],
  ...['europe-central2', 'europe-north1', 'europe-southwest1', 'europe-west1', 'europe-west2', 'europe-west3', 'europe-west4'],
  ...['europe-west6', 'europe-west8', 'europe-west9', 'europe-west12'],
  ...['asia-east1', 'asia-east2', 'asia-northeast1', 'asia-northeast2', 'asia-northeast3', 'asia-south1', 'asia-southeast1'],
  ...['asia-southeast2', 'australia-southeast1', 'australia-southeast2', 'me-central1', 'me-central2', 'me-west1', 'africa-south1'],
];

const regionOf = (shared: Resolved['shared'], region: string | undefined): string | undefined =>
  (shared.google as { region?: string } | undefined)?.region ?? region;

/** A region nobody knows is an address nobody answers at. It is no refusal: regions are added. */
function regionWarning({ shared, stages }: Resolved, facts: PlanFacts): Reason[] {
  const region = regionOf(shared, facts.region);
  if (stages.train?.inputs.backend !== 'vertex' || region === undefined || REGIONS.includes(region)) return [];
  const guess = nearest(region, REGIONS);
  return [
    {
      code: 'unknown-region',
      text: `${region} is no region of Vertex AI that Retrain knows.${guess === undefined ? '' : ` Did you mean ${guess}?`}`,
    },
  ];
}
