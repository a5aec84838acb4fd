import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { digestFile } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import { chooseColumns } from '../../tables/columns.ts';
import { type Dataset, readDataset } from '../../tables/dataset.ts';
import { openFile } from '../../tables/open-file.ts';
import { tableFrom } from '../../tables/open-table.ts';
import type { Table } from '../../tables/table.ts';
import { cachedData, localFiles } from './local-files.ts';
import type { Data, ReadOptions } from './source.ts';

const DATASET_FILE = 'dataset.json';

/** Every kind of source behind one door; which one, the reference says. */
export function openData({ base, cache }: { readonly base: string; readonly cache: string }): Data {
  const files = localFiles(base, cache);
  const checked = new Set<string>();

  const openDataset = async (path: string, signal: AbortSignal): Promise<Table> => {
    const dataset = readDataset(await readFile(path, 'utf8'), path);
    const paths = await Promise.all(dataset.files.map((file) => cached(file, cache, checked, signal)));
    const table = await openNamed(
      dataset.source,
      paths,
      dataset.files.map(({ name }) => name),
      readOptions(dataset),
      signal,
    );
    return dataset.columns ? chooseColumns(table, dataset.columns) : table;
  };

  return {
    look: (reference, signal) => files.look(reference, signal),
    fetch: (reference, signal) => files.fetch(reference, signal),
    async open(reference, options, signal) {
      if (basename(reference) === DATASET_FILE) return openDataset(reference, signal);
      const found = await files.find(reference);
      if (found.length === 0) throw new UserError('no-data', `${reference} matches no file.`, { todo: 'Correct the path or pattern.' });
      return openNamed(
        reference,
        found.map(({ path }) => path),
        found.map(({ name }) => name),
        options,
        signal,
      );
    },
  };
}

/** Files under the names their owner knows, which messages show and which tell the format. */
async function openNamed(
  name: string,
  paths: readonly string[],
  names: readonly string[],
  options: ReadOptions,
  signal: AbortSignal,
): Promise<Table> {
  const sources = await Promise.all(paths.map(async (path, i) => ({ ...(await openFile(path)), name: names[i] ?? path })));
  return tableFrom(name, sources, options, signal);
}

/** A cached file is used only if its bytes are still those of its digest; a poisoned or pruned one is an error, not other data. */
async function cached(file: Dataset['files'][number], cache: string, checked: Set<string>, signal: AbortSignal): Promise<string> {
  const path = cachedData(cache, file.sha256);
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

const readOptions = ({ read: { 'on-bad-row': onBadRow, ...rest } }: Dataset): ReadOptions => ({ ...rest, onBadRow });
