import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { packTrainer } from '../../../src/providers/backends/vertex-package.ts';
import { freshFolder, ROOT, textToSql } from './trainer-jobs.ts';
import { vertex } from './vertex-jobs.ts';

const lockOf = (name: string) => readFileSync(join(ROOT, 'trainers', 'requirements', `${name}.lock`), 'utf8');
const asksFor = ({ bytes }: { readonly bytes: Uint8Array }, requirement: string) => gunzipSync(bytes).includes(`"${requirement}`);

describe('the locks of a version that was trained in Google’s image', () => {
  test('one makes the model loadable anywhere, the other is what the image was given beside what it brings', async (t) => {
    const { backend } = await vertex(t);
    const { lock, imageLock = '' } = await backend({ image: undefined }).environment(
      textToSql,
      { managed: true },
      AbortSignal.timeout(9_000),
    );
    assert.equal(lock, lockOf('text-to-sql'));
    assert.match(lock, /^torch==/m);
    assert.equal(imageLock, `# python 3.10\n${lockOf('text-to-sql-vertex')}`);
    assert.doesNotMatch(imageLock, /^torch==/m);
  });

  test('where the image brings nothing, or is the user’s, there is one', async (t) => {
    const { backend } = await vertex(t);
    const tabular = { kind: 'module', name: 'tabular', extras: [] } as const;
    const found = await backend({ image: undefined }).environment(tabular, { managed: true }, AbortSignal.timeout(9_000));
    assert.deepEqual([found.lock, found.imageLock], [`# python 3.10\n${lockOf('tabular')}`, undefined]);
    const own = await backend().environment(textToSql, { managed: true }, AbortSignal.timeout(9_000));
    assert.deepEqual([own.lock, own.imageLock], [lockOf('text-to-sql'), undefined]);
  });

  test('a champion trained here gets what the image takes; one trained in an image what it had there; an older one its own', async (t) => {
    const today = await packTrainer(ROOT, textToSql);
    const here = await packTrainer(ROOT, textToSql, { environmentLock: `# python 3.12\n${lockOf('text-to-sql')}` });
    assert.deepEqual(here.digest, today.digest);
    const image = await packTrainer(ROOT, textToSql, {
      environmentLock: lockOf('text-to-sql'),
      imageLock: '# python 3.10\ntransformers==4.1.0 \\\n    --hash=sha256:00\n',
    });
    assert.ok(asksFor(image, 'transformers==4.1.0'));
    assert.ok(!asksFor(image, 'torch=='));
    const older = await packTrainer(ROOT, textToSql, { environmentLock: '# python 3.11\ntorch==2.1.0\n' });
    assert.ok(asksFor(older, 'torch==2.1.0'));
    assert.notEqual(older.digest, today.digest);

    // A trainer that the image brings nothing for: today's is in its own lock.
    const root = freshFolder(t);
    for (const folder of ['retrain_trainers/plain', 'retrain_trainers/remote', 'requirements'])
      mkdirSync(join(root, 'trainers', folder), { recursive: true });
    writeFileSync(join(root, 'trainers/retrain_trainers/plain/__init__.py'), '');
    writeFileSync(join(root, 'trainers/requirements/plain.lock'), 'numpy==2.0.0\n');
    const plain = await packTrainer(root, { name: 'plain', extras: [] });
    assert.ok(asksFor(plain, 'numpy==2.0.0'));
    assert.equal(plain.imageLock, undefined);
  });
});
