import { createHash } from 'node:crypto';
import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';
import type { Aliases, HistoryEvent, ModelState, StoredFile, Version } from './registry.ts';

/*
 * The registry's own files. Each carries `schema: retrain/<kind>/<major>`; a newer major is refused, an older one would be migrated here.
 */
export const METADATA_FILE = 'metadata.json';
export const TAGS_FILE = 'tags.json';
export const ALIASES_FILE = 'aliases.json';
export const STATE_FILE = 'state.json';
export const HISTORY_FILE = 'history.jsonl';
/** Lines of the history that came with a proposal when it was accepted; the next writer moves them to their place. */
export const ACCEPTED_FOLDER = 'accepted';

/** A registry file larger than this is not one of ours. */
const FILE_BYTES_MAX = 64 << 20;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const json = z.record(z.string(), z.unknown());
const texts = z.record(z.string(), z.string());

export const versionFileSchema = z.strictObject({
  schema: z.literal('retrain/version/1'),
  model: z.string(),
  version: z.int().min(1),
  created: z.string(),
  digest: sha256.describe('Digest over the files: their sorted paths, each with NUL, SHA-256 and newline.'),
  files: z.array(z.strictObject({ path: z.string(), sha256, bytes: z.int().min(0) })),
  metadata: json,
  seal: sha256.describe('SHA-256 of this document without the seal, as JSON with sorted keys and no blanks: a changed figure is noticed.'),
});
type VersionFile = z.infer<typeof versionFileSchema>;

export const tagsFileSchema = z.strictObject({ schema: z.literal('retrain/tags/1'), tags: texts });

export const aliasesFileSchema = z
  .object({ schema: z.literal('retrain/aliases/1'), generation: z.int().min(0) })
  .catchall(z.int().min(1).describe('Version the alias names.'));
/** Keys of `aliases.json` that are no aliases. */
const NOT_ALIASES = ['schema', 'generation'];

const reason = z.strictObject({ code: z.string(), text: z.string() });
export const stateFileSchema = z.strictObject({
  schema: z.literal('retrain/state/1'),
  outcomes: z.record(
    z.string(),
    z.strictObject({
      run: z.string(),
      at: z.string(),
      outcome: z.enum(['passed', 'refused']),
      reason: reason.optional(),
      version: z.int().optional(),
    }),
  ),
  source: z.strictObject({ fingerprint: z.string(), configuration: z.string(), key: z.string() }).optional(),
  lastTrained: z
    .strictObject({ at: z.string(), logicalDate: z.string(), data: z.string(), rows: z.number(), version: z.int().optional() })
    .optional(),
  variables: json,
});

export const historyLineSchema = z.strictObject({
  schema: z.literal('retrain/history/1'),
  at: z.string(),
  event: z.enum(['registered', 'proposed', 'promoted', 'rolled-back', 'refused', 'removed', 'reset']),
  run: z.string().optional(),
  version: z.int().optional(),
  text: z.string(),
  metrics: z.record(z.string(), z.number()).optional(),
});

/** The identity of a candidate: which bytes, under which paths. */
export function digestOfFiles(files: readonly StoredFile[]): string {
  const hash = createHash('sha256');
  for (const file of inOrder(files)) hash.update(`${file.path}\0${file.sha256}\n`);
  return hash.digest('hex');
}

/** By path, in code-unit order. */
export function inOrder(files: readonly StoredFile[]): readonly StoredFile[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

export function writeVersionFile(version: Omit<Version, 'tags'>): string {
  const { model, version: number, created, digest, files, metadata } = version;
  const document = { schema: 'retrain/version/1' as const, model, version: number, created, digest, files: [...files], metadata };
  // What JSON cannot hold (undefined, NaN) is dropped before sealing, or the seal would not match what is read back.
  const plain = JSON.parse(JSON.stringify(document)) as Omit<VersionFile, 'seal'>;
  return pretty({ ...plain, seal: sealOf(plain) });
}

/** Reads `metadata.json`; it must belong to the model and version under whose name it lies. */
export function readVersionFile(bytes: Uint8Array, place: string, model: string, version: number): Omit<Version, 'tags'> {
  const { schema: _, seal, ...found } = readChecked(bytes, place, versionFileSchema);
  if (found.model !== model || found.version !== version) {
    throw corrupted(place, `it describes version ${found.version} of ${found.model}, but lies under version ${version} of ${model}`);
  }
  const { seal: __, ...unsealed } = JSON.parse(Buffer.from(bytes).toString('utf8')) as VersionFile;
  const expected = sealOf(unsealed);
  if (seal !== expected)
    throw corrupted(place, `its seal is ${seal}, but its content gives ${expected}: it was changed after it was written`);
  const digest = digestOfFiles(found.files);
  if (digest !== found.digest) throw corrupted(place, `its digest is ${found.digest}, but its list of files gives ${digest}`);
  return found;
}

const sealOf = (document: unknown): string => createHash('sha256').update(canonicalJson(document)).digest('hex');

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(',')}}`;
}

export const writeTagsFile = (tags: Readonly<Record<string, string>>): string => pretty({ schema: 'retrain/tags/1', tags });

export function readTagsFile(bytes: Uint8Array | undefined, place: string): Readonly<Record<string, string>> {
  return bytes === undefined ? {} : readChecked(bytes, place, tagsFileSchema).tags;
}

export function writeAliasesFile({ generation, versions }: Aliases): string {
  return pretty({ schema: 'retrain/aliases/1', generation, ...versions });
}

export function readAliasesFile(bytes: Uint8Array | undefined, place: string): Aliases {
  if (bytes === undefined) return { generation: 0, versions: {} };
  const { schema: _, generation, ...versions } = readChecked(bytes, place, aliasesFileSchema);
  return { generation, versions };
}

export function checkAliasName(alias: string): void {
  if (/^[a-z][a-z0-9_-]{0,62}$/i.test(alias) && !NOT_ALIASES.includes(alias)) return;
  throw new UserError(
    'bad-alias',
    `${JSON.stringify(alias)} is no name for an alias: expected a letter, then letters, digits, - and _, at most 63.`,
  );
}

export const emptyState: ModelState = { outcomes: {}, variables: {} };

export const writeStateFile = (state: ModelState): string => pretty({ schema: 'retrain/state/1', ...state });

export function readStateFile(bytes: Uint8Array | undefined, place: string): ModelState {
  if (bytes === undefined) return emptyState;
  const { schema: _, ...state } = readChecked(bytes, place, stateFileSchema);
  return state;
}

export const writeHistoryLine = (event: HistoryEvent): string => `${JSON.stringify({ schema: 'retrain/history/1', ...event })}\n`;

export function readHistoryFile(bytes: Uint8Array | undefined, place: string): readonly HistoryEvent[] {
  if (bytes === undefined) return [];
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const { schema: _, ...event } = readChecked(Buffer.from(line), `${place}, line ${index + 1}`, historyLineSchema);
    return [event];
  });
}

const pretty = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Deeper ones exhaust the stack of whoever seals them or writes them again. */
const NESTING_MAX = 100;

/** Levels of objects and lists in a JSON text. */
function nestingOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const [sign] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g)) {
    if (sign === '[' || sign === '{') deepest = Math.max(deepest, ++depth);
    else if (sign === ']' || sign === '}') depth--;
  }
  return deepest;
}

function readChecked<S extends z.ZodType>(bytes: Uint8Array, place: string, schema: S): z.output<S> {
  if (bytes.byteLength > FILE_BYTES_MAX)
    throw corrupted(place, `it has ${bytes.byteLength} bytes, more than a registry file can have (${FILE_BYTES_MAX})`);
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
    if (nestingOf(text) > NESTING_MAX) throw new RangeError(`more than ${NESTING_MAX} levels`);
  } catch (error) {
    throw corrupted(place, `it is no JSON that can be read (${error instanceof Error ? error.message : 'unreadable'})`, error);
  }
  refuseNewer(value, place);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw corrupted(place, `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'unexpected form'}`);
  }
  return parsed.data;
}

/** The majors of these forms follow the majors of Retrain: what `…/2` holds, Retrain 2 reads. */
const READS_MAJOR = 1;

function refuseNewer(value: unknown, place: string): void {
  if (typeof value !== 'object' || value === null || !('schema' in value) || typeof value.schema !== 'string') return;
  const major = /^retrain\/[a-z]+\/(\d+)$/.exec(value.schema)?.[1];
  if (major === undefined || Number(major) <= READS_MAJOR) return;
  throw new UserError(
    'newer-schema',
    `${place} has the form ${value.schema}; this is Retrain ${READS_MAJOR}, which reads forms up to ${READS_MAJOR}.`,
    {
      todo: `Use Retrain ${major} for this registry.`,
    },
  );
}

function corrupted(place: string, found: string, cause?: unknown): UserError {
  return new UserError('registry-corrupted', `${place} is damaged: ${found}.`, {
    cause,
    todo: 'Put this file back from a copy (backup, branch, bucket version). The other versions are not touched by it.',
  });
}
