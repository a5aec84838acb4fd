import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestPath, sha256 } from '../../src/kernel/digest.ts';
import { buildBundle } from '../../tools/bundle/build-bundle.ts';
import { root } from '../../tools/process.ts';

/** What a bundle is made from. */
const SOURCES = ['src', join('tools', 'bundle')];
const TRACKED = [
  'package.json',
  'package-lock.json',
  'LICENSE',
  '.github',
  'actions',
  'bin',
  'schema',
  'src',
  'tools',
  'trainers',
  'workflows-templates',
];

/**
 * Retrain as GitHub has it when a workflow uses it: the repository with its bundle, without `node_modules`, somewhere else. The bundle is
 * built once for the sources as they are and kept in `.cache`; the folder is removed when the process ends.
 */
export async function bundledRetrain(): Promise<string> {
  const dist = await builtBundle();
  const folder = mkdtempSync(join(tmpdir(), 'retrain-bundled-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of TRACKED) cpSync(join(root, name), join(folder, name), { recursive: true });
  cpSync(dist, join(folder, 'actions', 'dist'), { recursive: true });
  return folder;
}

async function builtBundle(): Promise<string> {
  const digests = await Promise.all([...SOURCES, 'package-lock.json'].map((path) => digestPath(join(root, path))));
  const dist = join(root, '.cache', 'bundle', sha256(digests.map((one) => one.sha256).join(' ')).slice(0, 16));
  if (existsSync(dist)) return dist;
  const made = `${dist}.${process.pid}`;
  await buildBundle(made);
  // Another test may have been as quick.
  if (existsSync(dist)) rmSync(made, { recursive: true, force: true });
  else renameSync(made, dist);
  return dist;
}
