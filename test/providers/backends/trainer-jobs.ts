import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  Backend,
  Job,
  JobEvent,
  JobInput,
  JobSpec,
  StateEvent,
  TrainerSource,
  Verb,
} from '../../../src/providers/backends/backend.ts';
import { type LocalOptions, localBackend } from '../../../src/providers/backends/local.ts';

export const ROOT = resolve(import.meta.dirname, '../../..');
/** Environments are built once and kept between test runs. */
export const CACHE = join(ROOT, '.cache', 'test');
const FIXTURES = join(import.meta.dirname, 'fixtures');

export const tabular: TrainerSource = { kind: 'module', name: 'tabular', extras: [] };
export const textToSql = { kind: 'module', name: 'text-to-sql', extras: [] } as const;
export const fixture = (name: string): TrainerSource => ({ kind: 'command', command: [process.execPath, join(FIXTURES, `${name}.mjs`)] });
export const never = new AbortController().signal;

export function freshFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'retrain-backend-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function testBackend(context: TestContext, options: Partial<LocalOptions> = {}): Backend {
  return localBackend({
    root: ROOT,
    cache: freshFolder(context),
    jobs: freshFolder(context),
    env: process.env,
    workspace: ROOT,
    ...options,
  });
}

/** Rows whose class follows from their features, but for some noise. */
export function writeParts(folder: string, rows = 120): { readonly train: string; readonly predict: string } {
  mkdirSync(join(folder, 'parts'), { recursive: true });
  let state = 7;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  const lines = Array.from({ length: rows }, (_, i) => {
    const [a, b, noise] = [random() * 2 - 1, random() * 2 - 1, random() - 0.5];
    return {
      cells: [`r${i}`, a.toFixed(4), b.toFixed(4), String(i % 3)],
      label: a + b + noise > 0 ? 'yes' : 'no',
      value: 3 * a - b + noise,
    };
  });
  const csv = (header: string, all: readonly string[]): string => [header, ...all, ''].join('\n');
  writeFileSync(
    join(folder, 'parts/train.csv'),
    csv(
      'id,a,b,c,label,value',
      lines.map(({ cells, label, value }) => [...cells, label, value.toFixed(4)].join(',')),
    ),
  );
  writeFileSync(
    join(folder, 'parts/predict.csv'),
    csv(
      'id,a,b,c',
      lines.slice(0, 20).map(({ cells }) => cells.join(',')),
    ),
  );
  return { train: 'parts/train.csv', predict: 'parts/predict.csv' };
}

/** Of a folder the digest does not matter here. */
function inputOf(from: string): JobInput {
  return { from, sha256: statSync(from).isDirectory() ? '' : createHash('sha256').update(readFileSync(from)).digest('hex') };
}

export function jobSpec(
  folder: string,
  trainer: TrainerSource,
  verb: Verb,
  job: Readonly<Record<string, unknown>>,
  timeoutSeconds = 120,
): JobSpec {
  const parts = writeParts(folder, typeof job.rows === 'number' ? job.rows : undefined);
  const base = {
    task: 'classification',
    algorithm: 'priors',
    parameters: {},
    seed: 42,
    key: 'id',
    target: { column: 'label', classes: ['no', 'yes'], positive: 'yes' },
    features: ['a', 'b', 'c'],
    device: 'cpu',
    threads: 2,
    output: verb === 'fit' ? 'fitted' : 'predicted',
    parts: verb === 'fit' ? { train: { path: parts.train, format: 'csv' } } : { predict: { path: parts.predict, format: 'csv' } },
    ...(verb === 'predict' && { model: 'fitted/model' }),
  };
  const input = (path: string): Record<string, JobInput> => ({ [path]: inputOf(join(folder, path)) });
  const inputs =
    verb === 'fit' ? input(parts.train) : { ...input(parts.predict), ...(existsSync(join(folder, 'fitted')) && input('fitted/model')) };
  return { verb, trainer, python: { managed: true }, inputs, timeoutSeconds, job: { ...base, ...job } };
}

/** Where a trainer writes, in the job's own folder. */
export const outputOf = ({ details }: Job, name: string): string => join(details.folder!, name);

export async function eventsOf(backend: Backend, job: Job): Promise<{ readonly events: readonly JobEvent[]; readonly last: StateEvent }> {
  const events: JobEvent[] = [];
  for await (const event of backend.watch(job, AbortSignal.timeout(180_000))) events.push(event);
  const last = events.at(-1);
  if (last?.kind !== 'state') throw new Error('The events of a job end with a state.');
  return { events, last };
}

/** Runs a job to its end; what it wrote, when it succeeded, comes to `to`. */
export async function outcomeOf(backend: Backend, spec: JobSpec, { key = `${Math.random()}`, to }: { key?: string; to?: string } = {}) {
  const job = await backend.submit(key, spec, never);
  const ended = await eventsOf(backend, job);
  const fit = ended.last.state === 'succeeded' && to !== undefined ? await backend.collect(job, spec, to, never) : undefined;
  return { ...ended, job, ...(fit && { fit }) };
}

export const logOf = (events: readonly JobEvent[]): readonly string[] =>
  events.flatMap((event) => (event.kind === 'log' ? [event.line] : []));
