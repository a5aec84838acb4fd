import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './imports.ts';
import { libraryExports } from './library-exports.ts';

const ROOMS = ['tables', 'metrics', 'statistics'];
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

test('the package exports the three rooms compiled and with types, and compiles what it exports', () => {
  const manifest = JSON.parse(read('package.json')) as {
    exports: Record<string, unknown>;
    files: string[];
    scripts: Record<string, string>;
  };
  const { files } = JSON.parse(read('tools', 'library', 'tsconfig.json')) as { files: string[] };
  assert.deepEqual(Object.keys(manifest.exports), [...ROOMS.map((room) => `./${room}`), './package.json']);
  for (const room of ROOMS)
    assert.deepEqual(manifest.exports[`./${room}`], { types: `./lib/${room}/index.d.ts`, default: `./lib/${room}/index.js` });
  assert.deepEqual(
    files,
    ROOMS.map((room) => `../../src/${room}/index.ts`),
  );
  assert.ok(manifest.files.includes('lib') && manifest.scripts.prepare === 'node tools/prepare.mjs');
});

test('every function of the library has a docstring', () => {
  const found = libraryExports(ROOMS).filter(({ callable }) => callable);
  assert.ok(found.length > 300);
  assert.deepEqual(
    found.filter(({ documented }) => !documented).map(({ file, name }) => `${file}: ${name}`),
    [],
  );
});

test('docs/library.md names only what the library exports', () => {
  const known = new Set(libraryExports(ROOMS).map(({ name }) => name));
  const named = [...read('docs', 'library.md').matchAll(/`([a-z][A-Za-z0-9]*)\(\)`/g)].map(([, name]) => name as string);
  assert.ok(named.length > 40);
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});
