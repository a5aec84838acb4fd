// npm's `prepare`: compiles the library (tables, metrics, statistics) into lib/, which the package's `exports` name, when a tarball is
// packed and when the package is installed from git. Plain JavaScript for whatever Node runs npm.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = find('typescript/bin/tsc');
if (compiler === undefined) {
  process.stderr.write('TypeScript is not installed, so the library is not compiled; everything else works without it.\n');
} else {
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tools', 'library')], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

function find(path) {
  try {
    return createRequire(join(root, 'package.json')).resolve(path);
  } catch {
    return undefined;
  }
}
