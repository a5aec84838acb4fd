import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ASSET_NAMES, assetPath } from '../../src/providers/engines/assets.ts';
import { root } from '../../tools/process.ts';
import { workflowFiles } from '../../tools/workflows/files.ts';

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  .split('\0')
  .filter(Boolean);

/** How programs that no person can read begin. */
const PROGRAMS: readonly (readonly [kind: string, magic: string])[] = [
  ['WebAssembly', '0061736d'],
  ['ELF', '7f454c46'],
  ['Mach-O', 'cffaedfe'],
  ['Mach-O', 'cefaedfe'],
  ['Mach-O, several', 'cafebabe'],
  ['Windows', '4d5a'],
  ['Python bytecode', 'a70d0d0a'],
  ['archive of objects', '213c617263683e0a'],
];

function programKind(start: Buffer): string | undefined {
  return PROGRAMS.find(([, magic]) => start.subarray(0, magic.length / 2).toString('hex') === magic)?.[0];
}

test('S40: no program that nobody can read is in the repository, but the WebAssembly of locked packages in the bundle, byte for byte', () => {
  const found = tracked.filter((path) => existsSync(join(root, path)) && programKind(startOf(join(root, path))) !== undefined);
  const strange = found.filter((path) => !path.startsWith('actions/dist/'));
  assert.deepEqual(strange, []);
  const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  for (const path of found) {
    const name = path.slice('actions/dist/'.length);
    assert.ok((ASSET_NAMES as readonly string[]).includes(name), path);
    assert.equal(digest(join(root, path)), digest(assetPath({ root }, name as (typeof ASSET_NAMES)[number])), path);
  }
});

test('S40: a program is known by its first bytes, whatever its name', () => {
  for (const [kind, magic] of PROGRAMS) assert.equal(programKind(Buffer.from(`${magic}00`, 'hex')), kind);
  assert.equal(programKind(startOf(assetPath({ root }, ASSET_NAMES[0]!))), 'WebAssembly');
  assert.equal(programKind(startOf(process.execPath)) === undefined, false);
  assert.equal(programKind(Buffer.from('{"a": 1}')), undefined);
});

test('S39: packages run nothing when they are installed, versions are exact, and the lock names a digest of each', () => {
  const settings = Object.fromEntries(
    readFileSync(join(root, '.npmrc'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => line.split('=').map((part) => part.trim())),
  );
  assert.equal(settings['ignore-scripts'], 'true');
  assert.equal(settings['save-exact'], 'true');
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies }))
    assert.match(String(version), /^\d+\.\d+\.\d+(?:-[\w.]+)?$/, name);
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string; resolved?: string; link?: boolean; inBundle?: boolean }>;
  };
  for (const [path, { integrity, resolved, link, inBundle }] of Object.entries(packages)) {
    if (path === '' || link || inBundle) continue;
    assert.match(integrity ?? '', /^sha512-/, path);
    // No address: packages come from wherever npm is told, and are believed by their digest.
    assert.equal(resolved, undefined, path);
  }
  for (const path of tracked.filter((name) => /(?:^|\/)(?:trainers|tools)\/requirements\/.*\.lock$/.test(name))) {
    const lines = readFileSync(join(root, path), 'utf8')
      .replace(/\\\n\s*/g, ' ')
      .split('\n');
    for (const line of lines)
      if (/^\w/.test(line)) assert.match(line, /^[\w.[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/, `${path}: ${line.slice(0, 80)}`);
  }
});

test('S27: no checkout leaves its token in the workspace', () => {
  for (const { path, text } of workflowFiles()) {
    const { jobs } = parse(text) as { jobs: Record<string, { steps?: { uses?: string; with?: Record<string, unknown> }[] }> };
    for (const { steps = [] } of Object.values(jobs))
      for (const { uses, with: given } of steps)
        if (uses?.startsWith('actions/checkout@')) assert.equal(given?.['persist-credentials'], false, path);
  }
});

test('S31: nothing is started by a comment, and no workflow runs with the rights of the base for the code of a stranger', () => {
  for (const { path, text } of workflowFiles()) {
    const triggers = (parse(text) as { on: string | readonly string[] | Record<string, unknown> }).on;
    const names = typeof triggers === 'string' ? [triggers] : Array.isArray(triggers) ? triggers : Object.keys(triggers);
    for (const name of ['issue_comment', 'pull_request_target', 'pull_request_review_comment', 'discussion_comment'])
      assert.ok(!names.includes(name), `${path}: ${name}`);
  }
});

function startOf(path: string): Buffer {
  const bytes = Buffer.alloc(16);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}
