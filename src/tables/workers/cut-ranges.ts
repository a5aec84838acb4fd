import { stat } from 'node:fs/promises';
import type { ByteRange } from '../byte-source.ts';
import { openFile, readBlocks } from '../open-file.ts';
import { formatOf } from '../open-table.ts';
import type { TableTask } from './table-task.ts';

const LF = 10;
/** Not the number of threads: the sums of a profile are rounded by part, and the same file must give the same bytes on every machine. */
const PIECES = 4;
/** Less is not worth another thread: with its start, the warming up of its code and the joining of parts, two take as long as one. */
const PIECE_BYTES_MIN = 32 * 1024 * 1024;
/** A record this long is found by one thread as well as by two. */
const SEARCHED_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Cuts the file of a task into up to four ranges of bytes that end with a line feed; one range, or none, where that cannot be done:
 * several files, folders, other formats than CSV, compressed files, small ones, and where bad rows are counted (an open quote would be
 * counted, not noticed). Whether a line feed ends a record or lies within quotes is not looked at: the range before it then ends in an
 * open quote, which is an error, and the first range begins where a record does; so no error in any range means that all cuts were right.
 */
export async function cutRanges({ paths, names, read }: TableTask, pieceBytesMin = PIECE_BYTES_MIN): Promise<ByteRange[]> {
  const [path] = paths;
  if (path === undefined || paths.length > 1 || read?.onBadRow === 'count' || !(await stat(path)).isFile()) return [];
  const format = read?.format ?? formatOf(names?.[0] ?? path);
  if (format !== 'csv' && format !== 'tsv') return [];
  const { size = 0 } = await openFile(path);
  const count = Math.min(PIECES, Math.floor(size / pieceBytesMin));
  if (count < 2) return [];
  const ranges: ByteRange[] = [];
  let from = 0;
  for (let i = 1; i < count; i++) {
    const to = await afterLineFeed(path, Math.floor((size * i) / count));
    if (to === undefined || to >= size) break;
    if (to <= from) continue;
    ranges.push({ from, to });
    from = to;
  }
  return [...ranges, { from, to: size }];
}

async function afterLineFeed(path: string, from: number): Promise<number | undefined> {
  let at = from;
  for await (const block of readBlocks(path, undefined, from, from + SEARCHED_BYTES_MAX)) {
    const found = block.indexOf(LF);
    if (found >= 0) return at + found + 1;
    at += block.length;
  }
  return undefined;
}
