import { z } from 'zod';

/** What the hosts must know of an input beyond its schema. */
export interface InputMarks {
  /** Filled in a run from an earlier stage: `<stage>.<output>`, `<stage>.record` (path of its record) or `run.folder`. */
  readonly from?: string;
  /** A key of the pipeline file's top level, read by several stages; declared in `pipeline/shared-keys.ts`. */
  readonly shared?: boolean;
  /** May the pipeline file set it although an earlier stage would fill it? */
  readonly overridable?: boolean;
}

/** Keyed by schema object: mark last, because `.optional()`, `.describe()` and their like make new objects. */
export const inputMarks = z.registry<InputMarks>();

/** An input that a run fills from an earlier stage's output; alone, the user gives it. */
export function wired<S extends z.ZodType>(from: string, schema: S, options: { overridable?: boolean } = {}): S {
  return marked(schema, { from, ...options });
}

/** A key that several stages share and that stands at the top of the pipeline file. */
export function shared<S extends z.ZodType>(schema: S): S {
  return marked(schema, { shared: true });
}

/** Marks a copy: the same schema may be an input of one stage and filled from it in another. */
function marked<S extends z.ZodType>(schema: S, marks: InputMarks): S {
  const copy = schema.clone(schema._zod.def, { parent: true });
  inputMarks.add(copy, marks);
  return copy;
}
