import { isDeepStrictEqual } from 'node:util';

/**
 * Where the manifest of a run in a workflow may differ from that of the same run in a terminal: names of the run, times, links, the machine,
 * and what says where it ran. `*` stands for one name or number. Everything else is equal, or the two doors are two programs.
 */
export const MAY_DIFFER: readonly string[] = [
  'id',
  'started',
  'ended',
  'links',
  'machine',
  'records.*.run',
  'records.*.started',
  'records.*.seconds',
  // Of the source's files, and when they were last written.
  'records.gate.outputs.fingerprint',
  'records.*.inputs.fingerprint',
  // Seconds a model took to fit; nothing here is cross-validated.
  'records.train.tables.0.rows.*.1',
  // Pages that show all of the above.
  'records.report.outputs.markdown.sha256',
  'records.report.outputs.markdown.bytes',
  'records.report.outputs.html.sha256',
  'records.report.outputs.html.bytes',
];

/** Places at which two values differ, as paths like `records.train.outputs.model.sha256`. */
export function differences(a: unknown, b: unknown, path = ''): readonly string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (!isPlain(a) || !isPlain(b)) return [path];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.flatMap((name) => differences(a[name], b[name], path === '' ? name : `${path}.${name}`));
}

/** Is this place one at which the two doors may differ? */
export const mayDiffer = (path: string): boolean =>
  MAY_DIFFER.some((allowed) => {
    const [expected, found] = [allowed.split('.'), path.split('.')];
    return expected.length <= found.length && expected.every((part, index) => part === '*' || part === found[index]);
  });

/** Every place of a value that holds no other. */
export function leaves(value: unknown, path = ''): readonly string[] {
  if (!isPlain(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, path === '' ? name : `${path}.${name}`));
}

/** A copy in which the value at this place is another. */
export function changedAt(value: unknown, path: string): unknown {
  const [name = '', ...rest] = path.split('.');
  if (path === '') return { changed: value };
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  (copy as Record<string, unknown>)[name] = changedAt((value as Record<string, unknown>)[name], rest.join('.'));
  return copy;
}

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null;
