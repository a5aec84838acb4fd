import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { canonicalJson, digestPath, sha256 } from '../../src/kernel/digest.ts';

test('a folder has the same digest whatever the order its files were made in', async () => {
  const root = await mkdtemp(join(tmpdir(), 'retrain-digest-'));
  try {
    for (const [name, files] of [
      ['one', ['b', 'a/c']],
      ['two', ['a/c', 'b']],
    ] as const) {
      for (const file of files) {
        await mkdir(join(root, name, 'a'), { recursive: true });
        await writeFile(join(root, name, file), `content of ${file}`);
      }
    }
    const [one, two] = [await digestPath(join(root, 'one')), await digestPath(join(root, 'two'))];
    assert.deepEqual(one, two);
    assert.equal(one.sha256, sha256(`a/c\0${sha256('content of a/c')}\nb\0${sha256('content of b')}\n`));
    assert.equal(one.files, 2);

    await symlink('/etc/hostname', join(root, 'one', 'link'));
    await assert.rejects(digestPath(join(root, 'one')), { code: 'not-a-plain-file' });
  } finally {
    await rm(root, { recursive: true });
  }
});

test('canonical JSON sorts keys, keeps lists, leaves out what is undefined', () => {
  assert.equal(canonicalJson({ b: [2, { y: 1, x: undefined }], a: 'ä' }), '{"a":"ä","b":[2,{"y":1}]}');
});
