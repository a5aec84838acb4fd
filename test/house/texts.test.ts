import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './imports.ts';

/** Folders of one person's machine: nobody else has them. */
const MACHINE_PATHS = [
  /(?<![\w.$}])\/(?:home|Users)\/(?!runner\b)[a-z][\w.-]*/i,
  /(?<![\w.$}/-])\/root\//,
  /(?<![\w.$}/-])\/work\//,
  /(?<![\w.$}/-])\/tmp\/(?:w|n24|scratch)/,
  /[A-Z]:\\Users\\/,
];
/** Places made input may stand in, as it came. */
const DATA =
  /(^|\/)(golden|fixtures|data|dist)\/|\.(?:csv|tsv|parquet|jsonl|png|gz|zip|lock)$|^package-lock\.json$|^test\/house\/texts\.test\.ts$/;

function tracked(): string[] {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  assert.equal(status, 0, 'git ls-files');
  return stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

const files = tracked()
  .filter((path) => !DATA.test(path))
  .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n') }));

test('no tracked text names a folder of somebody’s machine', () => {
  const wrong = files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (MACHINE_PATHS.some((pattern) => pattern.test(line)) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
  assert.deepEqual(wrong, []);
});

test('no work left to do and no test left out stands in the sources', () => {
  const unfinished = /(?:\/\/|#|\*).*\b(?:TODO|FIXME|XXX|HACK)\b|\b(?:test|it|describe)\.(?:skip|todo|only)\b/;
  const wrong = files
    .filter(
      ({ path }) => /^(?:src|test|tools|bin|trainers)\//.test(path) && /\.(?:ts|mjs|py)$/.test(path) && path !== 'test/house/texts.test.ts',
    )
    .flatMap(({ path, lines }) => lines.flatMap((line, index) => (unfinished.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])));
  assert.deepEqual(wrong, []);
});
