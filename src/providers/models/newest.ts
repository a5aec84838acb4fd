import type { StoredObject } from '../stores/store.ts';

const MODEL_FILE = /\.(?:safetensors|gguf|onnx|ubj)$/i;

export interface Candidate {
  /** First part of the path below the prefix. */
  readonly name: string;
  readonly folder: boolean;
  readonly modified: string;
}

/**
 * The models directly below a prefix: folders that hold a configuration or weights, and single files of weights.
 * `objects`: what lies below the prefix, with names relative to it.
 */
export function candidatesOf(
  objects: readonly { readonly name: string; readonly object: Pick<StoredObject, 'modified'> }[],
): readonly Candidate[] {
  const found = new Map<string, Candidate & { model: boolean }>();
  for (const { name, object } of objects) {
    const slash = name.indexOf('/');
    const first = slash < 0 ? name : name.slice(0, slash);
    const model = MODEL_FILE.test(name) || (slash >= 0 && /(?:^|\/)config\.json$/.test(name));
    const before = found.get(first);
    found.set(first, {
      name: first,
      folder: slash >= 0,
      model: model || (before?.model ?? false),
      modified: before !== undefined && before.modified > object.modified ? before.modified : object.modified,
    });
  }
  return [...found.values()].filter(({ model }) => model).map(({ name, folder, modified }) => ({ name, folder, modified }));
}

/** The newest: highest version in the name, one with a version before one without; then the latest change; then the last path. */
export function newestOf(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates
    .toSorted((a, b) => compareVersions(versionIn(a.name), versionIn(b.name)) || compare(a.modified, b.modified) || compare(a.name, b.name))
    .at(-1);
}

/** Numbers of the last version in a name, e.g. 2 and 10 in `t5-v2.10`, 2026, 11 and 21 in `t5-2026-11-21`; none in `t5-large`. */
export function versionIn(name: string): readonly bigint[] | undefined {
  const found = [...name.replace(MODEL_FILE, '').matchAll(/(?<![a-z0-9])v?(\d+(?:[._-]\d+)*)(?![a-z0-9])/gi)].at(-1)?.[1];
  return found?.split(/[._-]/).map(BigInt);
}

function compareVersions(a: readonly bigint[] | undefined, b: readonly bigint[] | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compare(a[at] ?? -1n, b[at] ?? -1n);
    if (order !== 0) return order;
  }
  return 0;
}

const compare = <T extends string | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
