import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { digestFile } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import { type ColumnChoice, chooseColumns } from '../../tables/columns.ts';
import { type Dataset, readDataset } from '../../tables/dataset.ts';
import { openFile } from '../../tables/open-file.ts';
import { tableFrom } from '../../tables/open-table.ts';
import type { Table } from '../../tables/table.ts';
import { type Executor, inThisThread } from '../../tables/workers/table-task.ts';
import { keptPath } from '../kept-objects.ts';
import { localFiles } from './local-files.ts';
import { isInStore, objectsOfStores, type StoreAccess } from './objects-of-stores.ts';
import type { Data, ReadOptions } from './source.ts';

const DATASET_FILE = 'dataset.json';

/** Smaller files are described within two or three tenths of a second, before another thread would have started and warmed up. */
const WORKER_BYTES_MIN = 32 * 1024 * 1024;

/** What a reference stands for: which files, and how they become a table. */
interface Files {
  readonly name: string;
  readonly paths: readonly string[];
  readonly names: readonly string[];
  readonly read: ReadOptions;
  readonly choose?: ColumnChoice;
}

export interface DataSettings {
  readonly base: string;
  readonly cache: string;
  /** The stores in the network, opened when a reference names one. Absent: there are none. */
  readonly inStores?: () => Promise<StoreAccess>;
  /** Where large tables are described; absent: in this thread. */
  readonly workers?: Executor;
}

/** Every kind of source behind one door; which one, the reference says. */
export function openData({ base, cache, inStores, workers = inThisThread }: DataSettings): Data {
  const files = localFiles(base, cache);
  const remote = objectsOfStores(inStores);
  const checked = new Set<string>();

  const filesOf = async (reference: string, options: ReadOptions, signal: AbortSignal): Promise<Files> => {
    if (isInStore(reference)) {
      const fetched = await remote.fetch(reference, signal);
      return { name: reference, paths: fetched.map(({ path }) => path), names: fetched.map(({ name }) => name), read: options };
    }
    if (basename(reference) === DATASET_FILE) {
      const dataset = readDataset(await readFile(reference, 'utf8'), reference);
      const paths = await Promise.all(dataset.files.map((file) => cached(file, cache, checked, signal)));
      const names = dataset.files.map(({ name }) => name);
      return { name: dataset.source, paths, names, read: readOptions(dataset), choose: dataset.columns };
    }
    const found = await files.find(reference);
    if (found.length === 0) throw new UserError('no-data', `${reference} matches no file.`, { todo: 'Correct the path or pattern.' });
    return { name: reference, paths: found.map(({ path }) => path), names: found.map(({ name }) => name), read: options };
  };

  const executorFor = async ({ paths }: Files): Promise<Executor> => {
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    return sizes.reduce((sum, size) => sum + size, 0) >= WORKER_BYTES_MIN ? workers : inThisThread;
  };

  return {
    look: (reference, signal) => (isInStore(reference) ? remote : files).look(reference, signal),
    fetch: (reference, signal) => (isInStore(reference) ? remote : files).fetch(reference, signal),
    open: async (reference, options, signal) => openNamed(await filesOf(reference, options, signal), signal),
    async profile(reference, options, run) {
      const files = await filesOf(reference, options, run.signal);
      return (await executorFor(files)).run({ kind: 'profile', ...files }, run);
    },
    async count(reference, options, on, run) {
      const files = await filesOf(reference, options, run.signal);
      return (await executorFor(files)).run({ kind: 'count-on-edges', reference: on, ...files }, run);
    },
  };
}

/** Files under the names their owner knows, which messages show and which tell the format. */
async function openNamed({ name, paths, names, read, choose }: Files, signal: AbortSignal): Promise<Table> {
  const sources = await Promise.all(paths.map(async (path, i) => ({ ...(await openFile(path)), name: names[i] ?? path })));
  const table = await tableFrom(name, sources, read, signal);
  return choose ? chooseColumns(table, choose) : table;
}

/** A cached file is used only if its bytes are still those of its digest; a poisoned or pruned one is an error, not other data. */
async function cached(file: Dataset['files'][number], cache: string, checked: Set<string>, signal: AbortSignal): Promise<string> {
  const path = keptPath(cache, 'data', file.sha256);
  if (checked.has(path)) return path;
  const found = (await stat(path).catch(() => undefined)) && (await digestFile(path, signal));
  if (found?.sha256 !== file.sha256) {
    throw new UserError(
      'digest-mismatch',
      `${file.name}: expected SHA-256 ${file.sha256} in the cache, found ${found?.sha256 ?? 'nothing'} (${path}).`,
      {
        todo: 'Run fetch-data again; it fills the cache anew.',
      },
    );
  }
  checked.add(path);
  return path;
}

const readOptions = ({ read: { 'on-bad-row': onBadRow, 'max-record-bytes': maxRecordBytes, ...rest } }: Dataset): ReadOptions => ({
  ...rest,
  onBadRow,
  maxRecordBytes,
});
