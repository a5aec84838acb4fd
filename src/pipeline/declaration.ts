import { z } from 'zod';
import type { Stage } from '../kernel/stage.ts';
import { descriptionOf, leavable, marksOf, type Schema } from './shape.ts';
import { fileKeys, type SharedKey, sharedKeys } from './shared-keys.ts';

/** What this room must know of a stage; every stage is one. */
export type StageDeclaration = Pick<Stage, 'name' | 'summary' | 'inputs' | 'outputs' | 'keeps' | 'needs' | 'check'>;
/** In the order a run takes them. */
export type StageDeclarations = Readonly<Record<string, StageDeclaration>>;

/** Shared keys that say which provider fills a slot. */
const KEYS_OF_SLOT: Readonly<Record<string, readonly SharedKey[]>> = {
  registry: ['registry', 'store', 'google'],
  store: ['store'],
  trackers: ['tracker', 'store', 'google'],
  backend: ['store', 'google'],
};
/** Shared keys that the host reads, whatever the stage. */
const KEYS_OF_HOST: readonly SharedKey[] = ['name', 'owner', 'run', 'home'];

export const isSharedKey = (key: string): key is SharedKey => Object.hasOwn(sharedKeys, key);

const inputsOf = (stage: StageDeclaration) => Object.entries(stage.inputs as Readonly<Record<string, z.ZodType>>);

/** Inputs of a stage that stand at the top of the file. */
export const sharedInputs = (stage: StageDeclaration) => inputsOf(stage).filter(([, schema]) => marksOf(schema).shared === true);

/** Inputs of a stage that stand in its own section, or that an earlier stage fills. */
export const ownInputs = (stage: StageDeclaration) => inputsOf(stage).filter(([, schema]) => marksOf(schema).shared !== true);

/** What fills an input in a run: `<stage>.<output>`, `<stage>.record`, `run.folder`; undefined when only the user does. */
export const filledFrom = (schema: Schema): string | undefined => marksOf(schema).from;

/** May the pipeline file set it? */
export const inFile = (schema: Schema): boolean => {
  const { from, overridable } = marksOf(schema);
  return from === undefined || overridable === true;
};

/** Shared keys that mean something for a stage on its own. */
export function sharedKeysOf(stage: StageDeclaration): SharedKey[] {
  const keys = new Set<string>(sharedInputs(stage).map(([key]) => key));
  for (const { kind } of Object.values(stage.needs)) for (const key of KEYS_OF_SLOT[kind] ?? []) keys.add(key);
  for (const key of KEYS_OF_HOST) keys.add(key);
  // Filled by a run, an input of the stage's own may have such a name; alone, it is the one that is meant.
  const own = new Set(ownInputs(stage).map(([key]) => key));
  return (Object.keys(sharedKeys) as SharedKey[]).filter((key) => keys.has(key) && !own.has(key));
}

/**
 * The section of a stage: its own inputs, without those that earlier stages fill. With `alone` also those, as the stage declares them
 * (`required`), or each one optional (`optional`).
 */
export function sectionShape(stage: StageDeclaration, alone?: 'required' | 'optional'): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {};
  for (const [key, schema] of ownInputs(stage)) {
    const wired = filledFrom(schema) !== undefined;
    if (alone === undefined && !inFile(schema)) continue;
    shape[key] = wired && alone !== 'required' ? givenInstead(schema) : schema;
  }
  return shape;
}

/** What a run fills may be left out, whatever the stage asks for; and the reader is told who fills it. */
function givenInstead(schema: z.ZodType): z.ZodType {
  const own = leavable(schema) ? schema : schema.optional();
  return own.describe(`${descriptionOf(schema) ?? ''} Absent in the file: it comes from \`${filledFrom(schema)}\`.`.trim());
}

/** The whole pipeline file: shared keys, then a section for each stage; `only` may also set what is filled in a run. */
export function fileSchema(stages: StageDeclarations, only?: string): z.ZodObject {
  const shape: Record<string, z.ZodType> = { ...fileKeys };
  // What one stage cannot do without, the file cannot leave out.
  for (const stage of Object.values(stages)) {
    for (const [key, schema] of sharedInputs(stage)) if (isSharedKey(key) && !leavable(schema)) shape[key] = sharedKeys[key];
  }
  for (const [name, stage] of Object.entries(stages)) {
    const section = z.strictObject(sectionShape(stage, name === only ? 'optional' : undefined)).describe(stage.summary);
    shape[name] = Object.values(section.shape).every(leavable) ? section.prefault({}) : section;
  }
  return z.strictObject(shape);
}

/** What one stage takes when there is no pipeline file. */
export function aloneSchema(stage: StageDeclaration): z.ZodObject {
  const declared = new Map(sharedInputs(stage));
  const shape: Record<string, z.ZodType> = {};
  for (const key of sharedKeysOf(stage)) {
    const own = declared.get(key);
    const common: z.ZodType = sharedKeys[key];
    shape[key] = own ?? (leavable(common) ? common : common.optional());
  }
  shape[stage.name] = z.strictObject(sectionShape(stage, 'required'));
  return z.strictObject(shape);
}
