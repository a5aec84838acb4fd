import { copyFile, link, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { JobInput } from './backend.ts';

/** Where under its output a trainer keeps what it can go on from. */
const CHECKPOINT = 'checkpoint';

/**
 * A folder with a job's inputs under their names in it, empty but for the checkpoint an earlier start of the same job left in `output`
 * (the folder is named by the job's content; the trainer checks as well).
 */
export async function fillJobFolder(folder: string, output: string, inputs: Readonly<Record<string, JobInput>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await emptyBut(folder, [...relative(folder, output).split(sep), CHECKPOINT]);
  for (const [name, { from }] of Object.entries(inputs)) await place(from, join(folder, name));
}

async function emptyBut(folder: string, [kept, ...rest]: readonly string[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name !== kept || !entry.isDirectory()) await rm(path, { recursive: true, force: true });
    else if (rest.length > 0) await emptyBut(path, rest);
  }
}

/** Puts a file or a folder at `to`. Hard links where the file system has them: nobody writes to it, and its digest is checked. */
export async function place(from: string, to: string): Promise<void> {
  if (!(await lstat(from)).isDirectory()) {
    await mkdir(dirname(to), { recursive: true });
    await link(from, to).catch(() => copyFile(from, to));
    return;
  }
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isFile() || entry.isDirectory()) await place(join(from, entry.name), join(to, entry.name));
  }
}
