import { z } from 'zod';
import type { Problem } from '../kernel/errors.ts';
import {
  aloneSchema,
  fileSchema,
  filledFrom,
  inFile,
  isSharedKey,
  ownInputs,
  type StageDeclaration,
  type StageDeclarations,
  sectionShape,
  sharedInputs,
  sharedKeysOf,
} from './declaration.ts';
import { FORBIDDEN_KEY, type Json, type Mapping, type Origin, type Place, readJson, readYaml, type Tree } from './document.ts';
import { EMPTY_TREE, meaning, overlay, single } from './layers.ts';
import { type Path, parsePath, pathText } from './path.ts';
import { inOrder, type KeyHint, placeOf, problemAt, problemsOf } from './problems.ts';
import { RESOLVED_SCHEMA, type Resolved } from './resolved.ts';
import { leavable, type Schema } from './shape.ts';
import { suggestion } from './words.ts';

export interface ResolveRequest {
  /** The pipeline file: its name, for problems, and its text. */
  readonly file?: { readonly name: string; readonly text: string };
  /** JSON text with keys of the file. */
  readonly overrides?: string;
  /** `key=value`, keys dotted; with `only`, keys of that stage need not be led by its name. */
  readonly sets?: readonly string[];
  /** Inputs of an action: texts by key, keys as for `sets`. */
  readonly with?: Readonly<Record<string, string>>;
  /** Resolve this stage alone; then there may be no file. */
  readonly only?: string;
  readonly stages: StageDeclarations;
}

export type Resolution =
  | { readonly kind: 'resolved'; readonly resolved: Resolved }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** From everything that was said (defaults < file < overrides < sets < with) to each stage's inputs; or every problem at once. */
export function resolve(request: ResolveRequest): Resolution {
  const { file, only, stages } = request;
  const alone = only === undefined ? undefined : stages[only];
  if (only !== undefined && (alone === undefined || !Object.hasOwn(stages, only))) {
    return invalid([{ path: '', message: `there is no stage "${only}".${suggestion(only, Object.keys(stages))}` }]);
  }
  if (file === undefined && alone === undefined) {
    return invalid([{ path: '', message: 'expected a pipeline file, found none; only a single stage runs without one (--only STAGE).' }]);
  }

  const schema = file === undefined ? aloneSchema(alone!) : fileSchema(stages, only);
  const said = gather(request, schema, alone);
  if (said.tree === undefined) return invalid(said.problems);

  const names = only === undefined ? Object.keys(stages) : [only];
  // A section left out is one that says nothing: its defaults hold, and what it must say is missing one by one.
  const sections = Object.keys(schema.shape).filter((key) => Object.hasOwn(stages, key));
  const tree = {
    ...said.tree,
    value: { ...Object.fromEntries(sections.map((name) => [name, {}])), ...said.tree.value },
  };
  const whole = schema.safeParse(tree.value);
  const problems = whole.success ? [] : problemsOf(whole.error.issues, schema, tree, keyHint(request, alone));
  // What could not even be read is not missing as well.
  const unread = new Set(said.problems.map(({ path }) => path));

  const resolvedStages: Record<string, Resolved['stages'][string]> = {};
  const faulty = new Set(whole.success ? [] : whole.error.issues.map(({ path }) => path[0]));
  for (const name of names) {
    const stage = stages[name]!;
    const outcome = resolveStage(stage, tree, { faulty, alone: file === undefined, only: name === only });
    problems.push(...outcome.problems);
    resolvedStages[name] = outcome.resolved;
  }
  if (problems.length > 0 || said.problems.length > 0 || !whole.success) {
    const all = [...said.problems, ...problems.filter(({ path }) => !unread.has(path))];
    return invalid(file === undefined ? all.map((problem) => ({ ...problem, path: withoutStage(problem.path, only!) })) : all);
  }

  const shared = defined(Object.fromEntries(Object.entries(whole.data).filter(([key]) => isSharedKey(key))));
  return {
    kind: 'resolved',
    resolved: {
      schema: RESOLVED_SCHEMA,
      ...(file === undefined ? {} : { file: file.name }),
      ...(only === undefined ? {} : { only }),
      shared,
      origins: originsOf(shared, [], tree),
      stages: resolvedStages,
    },
  };
}

/**
 * The inputs a stage runs with: what was resolved, and from `filled` what earlier stages fill. Complete and valid, or every problem.
 * A value that the user gave wins over what would fill it.
 */
export function completeInputs(
  stage: StageDeclaration,
  resolved: Readonly<Record<string, unknown>>,
  filled: Readonly<Record<string, unknown>>,
):
  | { readonly kind: 'complete'; readonly inputs: Readonly<Record<string, unknown>> }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] } {
  const inputs: Record<string, unknown> = { ...resolved };
  const problems: Problem[] = [];
  for (const [key, schema] of ownInputs(stage)) {
    if (filledFrom(schema) === undefined || Object.hasOwn(resolved, key)) continue;
    const value = filled[key];
    // Another stage's input was read when the file was; its value is no longer what was written.
    if (value !== undefined && filledFrom(schema)!.startsWith('config.')) {
      inputs[key] = value;
      continue;
    }
    const read = schema.safeParse(value);
    if (read.success) {
      if (read.data !== undefined) inputs[key] = read.data;
      continue;
    }
    const tree: Tree = { value: value === undefined ? {} : { [key]: value as Json }, places: new Map() };
    const issues = read.error.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] }));
    problems.push(...problemsOf(issues, z.strictObject({ [key]: schema }), tree));
  }
  if (problems.length === 0) problems.push(...(stage.check?.(inputs) ?? []).map(({ path, message }) => ({ path, message })));
  return problems.length === 0 ? { kind: 'complete', inputs } : { kind: 'invalid', problems };
}

const invalid = (problems: readonly Problem[]): Resolution => ({ kind: 'invalid', problems: inOrder(problems) });

/** Without a file nobody wrote a section: keys are said as they are given. */
const withoutStage = (path: string, stage: string) => (path.startsWith(`${stage}.`) ? path.slice(stage.length + 1) : path);

/** All that was said, later over earlier; no tree when the file or the overrides cannot be read. */
function gather(
  { file, overrides, sets = [], with: given = {}, only }: ResolveRequest,
  schema: z.ZodObject,
  alone: StageDeclaration | undefined,
): { readonly tree?: Tree; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  let tree = EMPTY_TREE;

  if (file !== undefined) {
    const read = readYaml(file.text, file.name);
    if (read.kind === 'bad') problems.push(...read.problems);
    else tree = read.tree;
  }
  if (overrides !== undefined && overrides.trim() !== '') {
    const read = readJson(overrides, 'overrides');
    if (read.kind === 'bad') problems.push(...read.problems);
    else tree = overlay(tree, read.tree);
  }
  if (problems.length > 0) return { problems };

  const say = (keyText: string, text: string, place: Place) => {
    const parts = parsePath(keyText);
    if (parts === undefined || parts.includes(FORBIDDEN_KEY)) {
      problems.push({ path: '', message: `expected a dotted key, found ${JSON.stringify(keyText)}.`, file: place.file });
      return;
    }
    const path = fullPath(parts, only, alone);
    const meant = meaning(text, schema, path);
    if ('problem' in meant) problems.push({ path: pathText(path), message: meant.problem, file: place.file });
    else tree = overlay(tree, single(path, meant.value, place));
  };
  for (const set of sets) {
    const [, key, text] = /^((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^="'])*)=([\s\S]*)$/.exec(set) ?? [];
    if (key === undefined) problems.push({ path: '', message: `expected KEY=VALUE, found ${JSON.stringify(set)}.`, file: '--set' });
    else say(key, text!, { origin: 'set', file: '--set' });
  }
  for (const [key, text] of Object.entries(given)) say(key, text, { origin: 'with', file: 'with' });

  return { tree, problems };
}

/** With one stage in view, its own keys need not be led by its name. */
function fullPath(parts: readonly string[], only: string | undefined, alone: StageDeclaration | undefined): readonly string[] {
  if (only === undefined || alone === undefined) return parts;
  const [first, ...rest] = parts;
  if (ownInputs(alone).some(([key]) => key === first)) return [only, ...parts];
  if (isSharedKey(first!) || (first === only && rest.length > 0)) return parts;
  return [only, ...parts];
}

interface StageView {
  /** Top-level keys that have a problem already. */
  readonly faulty: ReadonlySet<PropertyKey | undefined>;
  /** Without a file: everything must be there, what a run would fill included. */
  readonly alone: boolean;
  /** The one stage that is asked for: what a run would fill may be given. */
  readonly only: boolean;
}

function resolveStage(
  stage: StageDeclaration,
  tree: Tree,
  { faulty, alone, only }: StageView,
): { readonly problems: readonly Problem[]; readonly resolved: Resolved['stages'][string] } {
  const problems: Problem[] = [];
  const inputs: Record<string, unknown> = {};
  let origins: Record<string, Origin> = {};

  const section = z.strictObject(sectionShape(stage, alone ? 'required' : only ? 'optional' : undefined));
  const own = section.safeParse(tree.value[stage.name] ?? {});
  if (own.success) {
    Object.assign(inputs, defined(own.data));
    // In a run, a default of the schema stands behind what the run fills in, not before it.
    const written = Object.keys(tree.value[stage.name] ?? {});
    if (!alone) for (const [key, one] of ownInputs(stage)) if (filledFrom(one) !== undefined && !written.includes(key)) delete inputs[key];
    origins = originsOf(inputs, [stage.name], tree);
  }
  for (const [key, schema] of sharedInputs(stage)) {
    if (faulty.has(key)) continue;
    const read = schema.safeParse(tree.value[key]);
    if (read.success) {
      if (read.data === undefined) continue;
      inputs[key] = defined(read.data);
      Object.assign(origins, originsOf({ [key]: read.data }, [], tree));
    } else if (!alone) {
      const issues = read.error.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] }));
      problems.push(
        ...problemsOf(issues, z.strictObject({ [key]: schema }), tree).map((problem) => ({
          ...problem,
          message: `${problem.message} The stage ${stage.name} needs it.`,
        })),
      );
    }
  }

  const complete = own.success && problems.length === 0 && !sharedInputs(stage).some(([key]) => faulty.has(key));
  if (complete && stage.check !== undefined) problems.push(...checkStage(stage, inputs, tree));
  return { problems, resolved: { inputs, origins } };
}

/** Rules over several inputs, as far as they can be judged before the run has filled the rest. */
function checkStage(stage: StageDeclaration, inputs: Readonly<Record<string, unknown>>, tree: Tree): readonly Problem[] {
  const pending = ownInputs(stage).filter(([key, schema]) => filledFrom(schema) !== undefined && !Object.hasOwn(inputs, key));
  const placed = (path: Path) => problemAt(isSharedKey(String(path[0])) ? path : [stage.name, ...path], '', tree);
  try {
    return (stage.check?.(inputs) ?? [])
      .map(({ path, message }) => ({ path: path === '' ? [] : (parsePath(path) ?? [path]), message }))
      .filter(({ path }) => !pending.some(([key]) => key === path[0]))
      .map(({ path, message }) => ({ ...placed(path), message }));
  } catch (error) {
    // A rule may stumble over what is not there yet; it is asked again when it is.
    if (pending.some(([, schema]) => !leavable(schema))) return [];
    throw error;
  }
}

/** The same without keys that hold nothing, however deep: what JSON keeps of it. */
function defined<T>(value: T): T {
  if (Array.isArray(value)) return value.map(defined) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, defined(item)])) as T;
}

/** Who said each leaf of `values`: the nearest written value at or above it, else the default. Keys are relative to `base`. */
function originsOf(values: Readonly<Record<string, unknown>>, base: Path, tree: Tree): Record<string, Origin> {
  const origins: Record<string, Origin> = {};
  const visit = (value: unknown, path: Path) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
      for (const [key, item] of Object.entries(value)) if (item !== undefined) visit(item, [...path, key]);
    } else {
      origins[pathText(path)] = originAt([...base, ...path], tree);
    }
  };
  for (const [key, value] of Object.entries(values)) visit(value, [key]);
  return origins;
}

function originAt(path: Path, tree: Tree): Origin {
  let value: Json | undefined = tree.value;
  for (const [index, key] of path.entries()) {
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
    // A text may stand for a mapping: then whoever wrote the text said every part of it.
    if (!isMapping) return tree.places.get(pathText(path.slice(0, index)))?.origin ?? 'default';
    if (!Object.hasOwn(value as Mapping, key)) return 'default';
    value = (value as Mapping)[key];
  }
  return placeOf(path, tree)?.origin ?? 'default';
}

/** Where an unknown key belongs, if that is known. */
function keyHint({ stages, file, only }: ResolveRequest, alone: StageDeclaration | undefined): KeyHint {
  return (path: Path, key: string) => {
    const [name, ...deeper] = path;
    if (name === undefined) {
      if (alone !== undefined && file === undefined && isSharedKey(key)) {
        return ` ${only} does not read it; of the shared keys it reads ${sharedKeysOf(alone).join(', ')}.`;
      }
      const owners = Object.values(stages).filter((stage) => Object.hasOwn(sectionShape(stage), key));
      return owners.length === 0 ? undefined : ` It is a key of ${owners.map((stage) => stage.name).join(' and ')}: write it there.`;
    }
    const stage = stages[String(name)];
    if (stage === undefined || deeper.length > 0) return undefined;
    if (isSharedKey(key)) return ' It stands at the top of the file, for all stages.';
    const schema: Schema | undefined = ownInputs(stage).find(([own]) => own === key)?.[1];
    const from = schema === undefined || inFile(schema) ? undefined : filledFrom(schema);
    return from === undefined ? undefined : ` A run fills it from ${from}; it can be given only when ${stage.name} runs alone.`;
  };
}
