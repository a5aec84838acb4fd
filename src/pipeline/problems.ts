import type { z } from 'zod';
import type { Problem } from '../kernel/errors.ts';
import type { Place, Tree } from './document.ts';
import { type Path, pathText } from './path.ts';
import { alternatives, descriptionOf, expectation, keysAt, type Schema, schemasAt, writtenSchema } from './shape.ts';
import { suggestion } from './words.ts';

type Issue = z.core.$ZodIssue;

/** Says more about a key nobody knows than its nearest neighbour does; undefined when there is nothing to say. */
export type KeyHint = (path: Path, key: string) => string | undefined;

/** Every issue as a problem with its place, in the order of the file. */
export function problemsOf(issues: readonly Issue[], schema: Schema, tree: Tree, hint: KeyHint = () => undefined): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, [], schema, tree, hint));
}

/** Sorted as a reader meets them: by file, line and column; each said once. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  const once = problems.filter((problem) => {
    const text = JSON.stringify([problem.path, problem.message, problem.file, problem.line, problem.column]);
    return !seen.has(text) && seen.add(text);
  });
  // Not by locale: its tables take longer to load than everything else here.
  const byFile = ({ file: a = '' }: Problem, { file: b = '' }: Problem) => (a === b ? 0 : a < b ? -1 : 1);
  return once.sort((a, b) => byFile(a, b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** The place of the value at a path, or of the nearest thing around it that was written. */
export function placeOf(path: Path, tree: Tree): Place | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = tree.places.get(pathText(path.slice(0, length)));
    if (place !== undefined) return place;
  }
  return undefined;
}

export function problemAt(path: Path, message: string, tree: Tree): Problem {
  const { file, line, column } = placeOf(path, tree) ?? {};
  return {
    path: pathText(path),
    message,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}

export function valueAt(path: Path, tree: Tree): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined,
    tree.value,
  );
}

/** What was found, short enough for a line. */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value (leave the key out for its default)';
  if (typeof value === 'string') return value === '' ? 'empty text' : JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'a mapping' : String(value);
}

function problemsOfIssue(issue: Issue, base: Path, schema: Schema, tree: Tree, hint: KeyHint): Problem[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const value = valueAt(path, tree);
  const at = (message: string, where: Path = path) => [problemAt(where, message, tree)];

  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.flatMap((key) => at(`unknown key.${hint(path, key) ?? suggestion(key, known)}`, [...path, key]));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branch = meantBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inside) => problemsOfIssue(inside, path, schema, tree, hint));
  }
  if (issue.code === 'invalid_key') {
    return at(`this key is not allowed here: ${issue.issues.map(({ message }) => sentence(message)).join(' ')}`);
  }
  // Our own rules speak for themselves; what zod says is said again in our words.
  if (/^expected /i.test(issue.message)) {
    const own = issue.message.charAt(0).toLowerCase() + issue.message.slice(1).replace(/\.$/, '');
    return at(sentence(/[,:] found /.test(own) ? own : `${own}, found ${found(value)}`));
  }
  if (issue.code === 'custom') return at(sentence(issue.message));

  const schemas = schemasAt(schema, path);
  if (schemas.some((one) => alternatives(one).length > 1)) {
    // Of several things that could stand here, the bound is of the one that does.
    const size =
      issue.code === 'too_big' ? ['at most', issue.maximum] : issue.code === 'too_small' ? ['at least', issue.minimum] : undefined;
    if (size !== undefined) return at(`expected ${size.join(' ')}${unitOf((issue as { origin: string }).origin)}, found ${found(value)}.`);
  }
  const expected =
    schemas.length === 0 ? 'another value' : [...new Set(schemas.map((one) => expectation(writtenSchema(one))))].join(', or ');
  const near = issue.code === 'invalid_value' && typeof value === 'string' ? suggestion(value, issue.values.map(String)) : '';
  const meant = near.startsWith(' Did') ? near : '';
  if (value !== undefined) return at(`expected ${expected}, found ${found(value)}.${meant}`);
  const about = schemas.map(descriptionOf).find((text) => text !== undefined);
  return at(`required: expected ${expected}, found nothing.${about === undefined ? '' : ` (${about})`}`);
}

/** Of the branches of a union, the one the writer meant: it takes this kind of value and has the fewest faults in it. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = branches
    .filter(
      (issues) => !issues.some((issue) => issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')),
    )
    .sort((a, b) => a.length - b.length);
  return meant[0];
}

const unitOf = (origin: string) => ({ string: ' characters', array: ' items', set: ' items', object: ' keys' })[origin] ?? '';

const sentence = (text: string) => (/[.?!]$/.test(text) ? text : `${text}.`);
