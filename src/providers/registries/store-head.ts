import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';

/** One file of a change: what it holds afterwards (`undefined`: it goes), and the generation it had before (`absent`: it is new). */
export interface HeadWrite {
  readonly path: string;
  readonly content?: string;
  readonly from: string;
}

/**
 * A model's head: its latest change, whole. Replacing it, bound to its generation, *is* the change; the files at their own paths follow,
 * each bound to its generation in `from`, so that whoever comes next can write them again and nobody can write them twice.
 */
export interface Head {
  /** Grows by one with each change. */
  readonly change: number;
  /** Random names of the latest changes, newest first: whoever lost an answer finds his own here. */
  readonly made: readonly string[];
  readonly writes: readonly HeadWrite[];
}

export const headFileSchema = z.strictObject({
  schema: z.literal('retrain/head/1'),
  change: z.int().min(1),
  made: z.array(z.string()),
  writes: z.array(z.strictObject({ path: z.string(), content: z.string().optional(), from: z.string() })),
});

export const filesFileSchema = z.strictObject({ schema: z.literal('retrain/files/1'), folder: z.string() });

const MADE_MAX = 50;

export const noHead: Head = { change: 0, made: [], writes: [] };

/** The head after one more change. */
export const headAfter = (head: Head, name: string, writes: readonly HeadWrite[]): Head => ({
  change: head.change + 1,
  made: [name, ...head.made].slice(0, MADE_MAX),
  writes,
});

export const writeHead = (head: Head): string => `${JSON.stringify({ schema: 'retrain/head/1', ...head })}\n`;
export const readHead = (bytes: Uint8Array, place: string): Head => {
  const { schema: _, ...head } = read(bytes, place, headFileSchema);
  return head;
};

/** Where the files of a version lie, relative to the registry: every upload has a folder of its own. */
export const writeFilesPointer = (folder: string): string => `${JSON.stringify({ schema: 'retrain/files/1', folder })}\n`;
export const readFilesPointer = (bytes: Uint8Array, place: string): string => read(bytes, place, filesFileSchema).folder;

function read<S extends z.ZodType>(bytes: Uint8Array, place: string, schema: S): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError('registry-corrupted', `${place} is damaged, or of a newer Retrain: ${z.prettifyError(parsed.error)}`, {
    todo: 'Put this file back from an older version of the object.',
  });
}
