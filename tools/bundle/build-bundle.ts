import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withFileLock } from '../../src/kernel/file-lock.ts';
import { ASSET_NAMES, assetPath } from '../../src/providers/engines/assets.ts';
import { captureProgram, root } from '../process.ts';
import { groupLicenses } from './licenses.ts';
import { shorten } from './shorten.ts';

/** What ncc puts beside the code it found (declarations, data no code reads) is left out. */
const CODE = /\.js$/;
/** What the licenses of the bundled packages ask to be kept, as no comment is. */
const LICENSES = 'licenses.txt';
/** Packages that others load only where nobody comes by here: listings of Azure as Arrow tables, streams for a Node that has none. */
const NEVER_REACHED = ['apache-arrow', 'web-streams-polyfill/dist/ponyfill.es2018.js'];
const WAIT_SECONDS = 1_200;

interface Built {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Builds the bundle into `target`, which is replaced as a whole: the sources as JavaScript in ES syntax first, then one ncc build of
 * `main.js` with a chunk for each `import()`. Two builds of one tree are equal byte for byte.
 */
export function buildBundle(target: string): Promise<Built> {
  // One at a time: all are built in the same place.
  const options = { signal: new AbortController().signal, log: console.error, waitSeconds: WAIT_SECONDS };
  return withFileLock(join(root, 'build.lock'), () => build(target), options);
}

async function build(target: string): Promise<Built> {
  // Modules are numbered by their path from the root: always the same place, and inside the clone, so that packages are found above it.
  const folder = join(root, 'build');
  const made = join(folder, 'dist');
  rmSync(folder, { recursive: true, force: true });
  try {
    await must('tsc', [
      join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      join(root, 'tools', 'bundle', 'tsconfig.json'),
      '--outDir',
      folder,
    ]);
    // Without a type here ncc reads ES syntax and writes CommonJS, which is what a stub can `require`.
    writeFileSync(join(folder, 'package.json'), '{}\n');
    writeFileSync(join(folder, 'bundled.js'), 'export const BUNDLED = true;\n');
    await must('ncc', [
      join(root, 'node_modules', '@vercel', 'ncc', 'dist', 'ncc', 'cli.js'),
      'build',
      join(folder, 'main.js'),
      '-o',
      made,
      '--license',
      LICENSES,
      '--no-cache',
      '--quiet',
      ...NEVER_REACHED.flatMap((name) => ['--external', name]),
    ]);
    for (const name of namesIn(made)) {
      const path = join(made, name);
      if (CODE.test(name)) writeFileSync(path, await shorten(readFileSync(path, 'utf8')));
      else if (name === LICENSES) writeFileSync(path, groupLicenses(readFileSync(path, 'utf8')));
      else rmSync(path, { force: true });
    }
    for (const name of ASSET_NAMES) writeFileSync(join(made, name), readFileSync(assetPath({ root }, name)));

    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    // File by file: no empty folder is left of what was taken out.
    for (const name of namesIn(made)) cpSync(join(made, name), join(target, name));
    const names = namesIn(target);
    return { files: names.length, bytes: names.reduce((sum, name) => sum + statSync(join(target, name)).size, 0) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const namesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

async function must(what: string, args: readonly string[]): Promise<void> {
  const { code, output } = await captureProgram(process.execPath, args);
  if (code !== 0) throw new Error(`${what} ended with ${code}:\n${output}`);
}
