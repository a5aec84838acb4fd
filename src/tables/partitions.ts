import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from './bad-input.ts';
import { Cells } from './csv/cells.ts';
import { decoderOf } from './csv/intern.ts';
import { evidenceOf } from './evidence.ts';
import type { Part, PartField } from './part.ts';
import type { Column } from './table.ts';

/** What Hive and Spark write for a missing partition value. */
const MISSING_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/** A file of a partitioned folder and the columns its path adds (`year=2024/month=05/…`); undefined is missing. */
export interface PartitionFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, string | undefined>;
}

/** All files below a folder in the order of their paths. Names that begin with `.` or `_` (markers, checksums) are left out, links are not followed. */
export async function listPartitions(folder: string, wanted: (name: string) => boolean): Promise<PartitionFile[]> {
  const found: PartitionFile[] = [];
  const walk = async (at: string, values: ReadonlyMap<string, string | undefined>): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (/^[._]/.test(entry.name)) continue;
      const inner = path.join(at, entry.name);
      if (entry.isDirectory()) await walk(inner, withValue(values, entry.name, inner));
      else if (entry.isFile() && wanted(entry.name)) found.push({ path: inner, values });
    }
  };
  await walk(folder, new Map());
  return found;
}

function withValue(values: ReadonlyMap<string, string | undefined>, name: string, at: string): ReadonlyMap<string, string | undefined> {
  const split = /^([^=]+)=(.*)$/s.exec(name);
  if (split === null) return values;
  try {
    const key = decodeURIComponent(split[1]);
    if (values.has(key)) throw new BadInput('duplicate-column', `"${key}" stands twice in the path.`, { file: at });
    return new Map(values).set(key, split[2] === MISSING_PARTITION || split[2] === '' ? undefined : decodeURIComponent(split[2]));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new BadInput('bad-encoding', 'the folder name is no valid percent-encoding.', { file: at });
  }
}

/** The part with the columns of its path behind its own. */
export function withPartitionColumns(part: Part, values: PartitionFile['values']): Part {
  if (values.size === 0) return part;
  for (const key of values.keys()) {
    if (part.seen.has(key))
      throw new BadInput('duplicate-column', `the path adds a column "${key}" that the file has, too.`, { file: part.name, column: key });
  }
  const seen = new Map(part.seen);
  for (const [key, value] of values) seen.set(key, value === undefined ? 0 : evidenceOf(value));
  return {
    ...part,
    seen,
    typed: false,
    async *batches(fields, wanted, counts, signal, reuse) {
      const own = fields.filter((field) => !values.has(field.name));
      const ofFile = wanted.filter((name) => !values.has(name));
      const schema = wanted.map((name) => {
        const { type } = fields.find((field) => field.name === name) as PartField;
        return { name, type };
      });
      const constants = new Map(
        [...values].map(([key, value]) => [key, constant(fields.find((field) => field.name === key) as PartField, value, part.name)]),
      );
      for await (const batch of part.batches(own, ofFile, counts, signal, reuse)) {
        const columns = wanted.map((name) => constants.get(name)?.(batch.rows) ?? batch.columns[ofFile.indexOf(name)]);
        yield { ...batch, schema, columns };
      }
    },
  };
}

/** Makes columns of any length that hold one value. */
function constant(field: PartField, value: string | undefined, file: string): (rows: number) => Column {
  const cells = new Cells(field, decoderOf(), new Set(), 1);
  const bytes = new TextEncoder().encode(value ?? '');
  try {
    cells.set(0, bytes, 0, bytes.length, false);
  } catch (error) {
    throw new BadInput('wrong-type', error instanceof Error ? error.message : String(error), { file, column: field.name });
  }
  const absent = value === undefined;
  if (field.type === 'text')
    return (rows) => ({ kind: 'text', codes: new Int32Array(rows).fill(absent ? -1 : 0), dictionary: absent ? [] : [value] });
  return (rows) => {
    const values = new Float64Array(rows).fill(cells.values[0]);
    return absent ? { kind: 'number', values, missing: new Uint8Array(rows).fill(1) } : { kind: 'number', values };
  };
}
