import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stages } from '../../src/catalog.ts';
import { readSources, type SourceFile } from './imports.ts';

/** Characters of source that may come with the inputs of all stages. A third is the metrics, as their names are checked before anything runs. */
const CHARACTERS_MAX = 750_000;
/** What only the work of a stage needs. */
const WORK = /^tables\/(?:csv|json|parquet|preparation\/(?:apply|fit)|profile\/profiler|drift\/compare|rules\/check|open-)/;

const sources = new Map(readSources().map((source) => [source.path, source]));

/** A file and all that is loaded with it, without what it loads by import(). */
function loadedWith(path: string, seen = new Map<string, SourceFile>()): Map<string, SourceFile> {
  const source = sources.get(path);
  if (source === undefined || seen.has(path)) return seen;
  seen.set(path, source);
  for (const { file, typeOnly, dynamic } of source.imports) if (file !== undefined && !typeOnly && !dynamic) loadedWith(file, seen);
  return seen;
}

const stageFile = (name: string): string => `stages/${name}/stage.ts`;

test('a stage brings its inputs and no work: with a pipeline file every action loads every stage', () => {
  const brought = stages.flatMap(({ name }) =>
    [...loadedWith(stageFile(name)).keys()].filter((path) => WORK.test(path)).map((path) => `${stageFile(name)} brings ${path}`),
  );
  assert.deepEqual(brought, []);
});

test(`the inputs of all stages come with at most ${CHARACTERS_MAX / 1000} thousand characters of source`, () => {
  const all = new Map<string, SourceFile>();
  for (const { name } of stages) loadedWith(stageFile(name), all);
  const characters = [...all.values()].reduce((sum, { text }) => sum + text.length, 0);
  assert.ok(characters > 100_000 && characters <= CHARACTERS_MAX, `${characters} characters in ${all.size} files`);
});

test('the doors of the library are for those outside: in src nobody goes through one, as it brings a whole room', () => {
  const through = [...sources.values()].flatMap(({ path, imports }) =>
    imports.filter(({ file }) => file?.endsWith('/index.ts')).map(({ file }) => `${path} imports ${file}`),
  );
  assert.deepEqual(through, []);
});
