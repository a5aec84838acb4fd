import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../kernel/digest.ts';
import { UserError } from '../kernel/errors.ts';
import { ORIGINS } from './document.ts';
import { type SharedKey, sharedKeys } from './shared-keys.ts';

/** Version of the form of resolved.json. A newer major is refused. */
export const RESOLVED_SCHEMA = 'retrain/resolved/1';

const values = z.record(z.string(), z.unknown());
const origins = z.record(z.string(), z.enum(ORIGINS));

export const resolvedSchema = z.strictObject({
  schema: z.literal(RESOLVED_SCHEMA),
  file: z.string().optional().describe('Name of the pipeline file; absent when a stage runs alone without one.'),
  only: z.string().optional().describe('The one stage that was resolved; absent when all were.'),
  shared: values.describe('Keys of the top level: complete and valid.'),
  origins: origins.describe('Who said each value of `shared`, by dotted path.'),
  stages: z.record(
    z.string(),
    z.strictObject({
      inputs: values.describe('Complete and valid, shared keys included, but for what earlier stages fill during the run.'),
      origins: origins.describe('Who said each value, by dotted path.'),
    }),
  ),
});
/** What a run was told: written once, at its start. */
export type Resolved = z.infer<typeof resolvedSchema>;

/** Reads what was written as resolved.json. `UserError`: `newer-form`, `corrupt-file`. */
export function readResolved(text: string, name = 'resolved.json'): Resolved {
  const corrupt = (why: string) =>
    new UserError('corrupt-file', `${name} is not what Retrain wrote there: ${why}`, {
      todo: 'Start a new run; the file cannot be repaired.',
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw corrupt(String(error));
  }
  const schema = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined;
  const major = typeof schema === 'string' ? Number(/^retrain\/resolved\/(\d+)$/.exec(schema)?.[1]) : Number.NaN;
  if (major > Number(RESOLVED_SCHEMA.split('/').at(-1))) {
    throw new UserError('newer-form', `${name} has the form ${schema}; this Retrain reads ${RESOLVED_SCHEMA}.`, {
      todo: 'Use the version of Retrain that began the run, or a newer one.',
    });
  }
  const read = resolvedSchema.safeParse(json);
  if (read.success) return read.data;
  throw corrupt(z.prettifyError(read.error));
}

/** Shared keys that cannot change a model, nor what is decided about it. */
const KEYS_WITHOUT_INFLUENCE: readonly SharedKey[] = [
  'version',
  'enabled',
  'owner',
  'store',
  'registry',
  'tracker',
  'google',
  'schedule',
  'home',
];
/** Keys of `train` that say how a job is waited for, not what it does. */
const TRAIN_KEYS_WITHOUT_INFLUENCE = ['wait', 'allow-tag'];
/** Stages that only decide whether anything happens, or speak about what did. */
const STAGES_WITHOUT_INFLUENCE = ['gate', 'report', 'notify'];

/**
 * The part of the idempotency key that the configuration is: canonical JSON (keys sorted, no blanks) of everything that can change the model
 * or what is decided about it, and its SHA-256 in hex. Who said a value does not matter, nor whether it is a default.
 */
export function configurationForKey(resolved: Resolved): { readonly json: string; readonly sha256: string } {
  const shared = Object.fromEntries(
    Object.entries(resolved.shared)
      .filter(([key]) => !KEYS_WITHOUT_INFLUENCE.includes(key as SharedKey))
      .map(([key, value]) => [key, key === 'run' ? { seed: (value as { seed: number }).seed } : value]),
  );
  const stages = Object.fromEntries(
    Object.entries(resolved.stages)
      .filter(([name]) => !STAGES_WITHOUT_INFLUENCE.includes(name))
      .map(([name, { inputs }]) => [name, Object.fromEntries(Object.entries(inputs).filter(([key]) => hasInfluence(name, key)))]),
  );
  const json = canonicalJson({ shared, stages });
  return { json, sha256: createHash('sha256').update(json).digest('hex') };
}

const hasInfluence = (stage: string, key: string): boolean =>
  !Object.hasOwn(sharedKeys, key) && !(stage === 'train' && TRAIN_KEYS_WITHOUT_INFLUENCE.includes(key));
