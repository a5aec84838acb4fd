import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { captureProgram } from '../../../../tools/process.ts';
import { pythonTools } from '../../../../tools/python.ts';
import { freshFolder, ROOT } from '../trainer-jobs.ts';

const FOLDER = join(ROOT, 'trainers', 'requirements');
const PYTHONS = ['3.10', '3.11', '3.12', '3.13', '3.14'];
const LINUX = ['x86_64-manylinux_2_28', 'aarch64-manylinux_2_28'];
// torch has no wheels for Intel's Macs.
const EVERYWHERE = [...LINUX, 'aarch64-apple-darwin', 'x86_64-pc-windows-msvc'];
const ANY_PYTHON = ['--universal', '--python-version', '3.10'];

/** `whole`: nothing that its packages need is left out of it, as triton is and what Google's image has. */
const LOCKS = [
  { name: 'tabular', platforms: [...EVERYWHERE, 'x86_64-apple-darwin'], pythons: PYTHONS, whole: true, kind: ANY_PYTHON },
  { name: 'tabular-gpu', platforms: LINUX, pythons: PYTHONS, whole: true, kind: ANY_PYTHON },
  { name: 'text-to-sql', platforms: EVERYWHERE, pythons: PYTHONS, whole: false, kind: ANY_PYTHON },
  { name: 'text-to-sql-gpu', platforms: LINUX, pythons: PYTHONS, whole: true, kind: ANY_PYTHON },
  {
    name: 'text-to-sql-vertex',
    platforms: [LINUX[0]!],
    pythons: ['3.10'],
    whole: false,
    kind: ['--python-version', '3.10', '--python-platform', LINUX[0]!],
  },
] as const;

/** The hashes of each requirement with its marker. */
function pinned(lock: string): Map<string, ReadonlySet<string>> {
  const blocks = lock.split(/^(?=[A-Za-z])/m).filter((block) => /^[A-Za-z]/.test(block));
  return new Map(
    blocks.map((block) => [
      block.split(' \\\n')[0]!.trim(),
      new Set(Array.from(block.matchAll(/sha256:([0-9a-f]{64})/g), ([, hash]) => hash!)),
    ]),
  );
}

describe('locks of the trainers, asked of the registry by what it says of files, none fetched', () => {
  let program = '';
  before(async () => {
    const tools = await pythonTools(join(ROOT, 'tools', 'requirements', 'locks.lock'));
    assert.ok('bin' in tools, 'failure' in tools ? tools.failure : '');
    program = join(tools.bin, 'uv');
  });
  const uv = (args: readonly string[]) =>
    captureProgram(program, ['pip', ...args], { env: { ...process.env, MACOSX_DEPLOYMENT_TARGET: '14.0' } });

  test('every lock is asked', () => {
    const there = readdirSync(FOLDER).filter((file) => file.endsWith('.lock'));
    assert.deepEqual(there.toSorted(), LOCKS.map(({ name }) => `${name}.lock`).toSorted());
  });

  for (const { name, platforms, pythons, whole, kind } of LOCKS) {
    const lock = join(FOLDER, `${name}.lock`);

    test(`${name}: a wheel of every package on ${platforms.length} platforms for Python ${pythons.join(', ')}`, async (t) => {
      const target = freshFolder(t);
      const options = ['--dry-run', '--require-hashes', '--only-binary', ':all:', '--target', target, ...(whole ? [] : ['--no-deps'])];
      for (const platform of platforms) {
        for (const python of pythons) {
          const { code, output } = await uv(['install', ...options, '--python-platform', platform, '--python-version', python, '-r', lock]);
          assert.equal(code, 0, `${platform}, Python ${python}:\n${output}`);
        }
      }
    });

    test(`${name}: its hashes are those of the registry`, async (t) => {
      const text = readFileSync(lock, 'utf8');
      const found = join(freshFolder(t), 'found.lock');
      const options = ['--quiet', '--no-deps', '--generate-hashes', '--no-annotate', '--no-header', '--no-emit-index-url', ...kind];
      const { code, output } = await uv(['compile', ...options, '--output-file', found, lock]);
      assert.equal(code, 0, output);
      const published = pinned(readFileSync(found, 'utf8'));
      for (const [requirement, hashes] of pinned(text)) {
        assert.ok(hashes.size > 0, requirement);
        const strange = [...hashes].filter((hash) => !published.get(requirement)?.has(hash));
        assert.deepEqual(strange, [], `${requirement}: the registry has other files`);
      }
    });
  }
});
