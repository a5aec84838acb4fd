import { copyFile, link, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JobInput } from './backend.ts';

/** An empty folder with a job's inputs under their names in it. */
export async function fillJobFolder(folder: string, inputs: Readonly<Record<string, JobInput>>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, { from }] of Object.entries(inputs)) await place(from, join(folder, name));
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
