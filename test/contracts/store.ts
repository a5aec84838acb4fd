import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Store, StoredObject } from '../../src/providers/stores/store.ts';
import { scratchFolder, patience as signal } from './scratch.ts';

/** Each call gives a store and a prefix (ending with `/`) under which nothing lies. */
export type MakeStore = (test: TestContext) => Promise<{ readonly store: Store; readonly prefix: string }>;

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** What every store promises; see {@link Store}. */
export function storeContract(name: string, make: MakeStore): void {
  interface Given {
    readonly store: Store;
    readonly prefix: string;
    readonly folder: string;
    /** Puts a text under a name below the prefix. */
    put(name: string, content: string | Buffer, ifGeneration?: string): Promise<StoredObject>;
  }
  const proves = (promise: string, body: (given: Given) => Promise<void>) =>
    test(`store ${name}: ${promise}`, async (context) => {
      const { store, prefix } = await make(context);
      const folder = await scratchFolder(context);
      const put = async (object: string, content: string | Buffer, ifGeneration?: string) => {
        const from = join(folder, `upload-${sha256(content).slice(0, 8)}`);
        await writeFile(from, content);
        return store.put(from, prefix + object, { signal, ...(ifGeneration === undefined ? {} : { ifGeneration }) });
      };
      await body({ store, prefix, folder, put });
    });
  const all = async (store: Store, prefix: string) => {
    const found: StoredObject[] = [];
    for await (const object of store.list(prefix, signal)) found.push(object);
    return found;
  };

  proves('what was put comes back byte by byte, with its digest', async ({ store, prefix, folder, put }) => {
    for (const content of ['', 'a', Buffer.alloc(3_000_000, 'xyz')]) {
      const stored = await put('deep/er/object.bin', content);
      assert.equal(stored.bytes, content.length);
      const to = join(folder, 'new', 'folder', 'file');
      let seen = 0;
      const got = await store.get(`${prefix}deep/er/object.bin`, to, {
        signal,
        sha256: sha256(content),
        onBytes: (bytes) => (seen = bytes),
      });
      assert.deepEqual(got, { sha256: sha256(content), bytes: content.length, generation: stored.generation });
      assert.equal(seen, content.length);
      assert.ok((await readFile(to)).equals(Buffer.from(content)));
    }
  });

  proves('what is not there has no stat, cannot be fetched, and can be removed', async ({ store, prefix, folder }) => {
    assert.equal(await store.stat(`${prefix}none`, signal), undefined);
    await assert.rejects(store.get(`${prefix}none`, join(folder, 'x'), { signal }), { code: 'no-such-object', fault: 'user' });
    await store.remove(`${prefix}none`, signal);
    assert.deepEqual(await readdir(folder), []);
  });

  proves('every change of content is another generation', async ({ store, prefix, put }) => {
    const generations = new Set<string>();
    for (const content of ['a', 'b', 'a', 'b', 'a']) generations.add((await put('object', content)).generation);
    assert.equal(generations.size, 5);
    assert.equal((await store.stat(`${prefix}object`, signal))?.generation, [...generations].at(-1));
  });

  proves('a put can be bound to absence or to a generation', async ({ put }) => {
    const first = await put('object', 'one', 'absent');
    const lost = { code: 'precondition-failed', fault: 'world' };
    await assert.rejects(put('object', 'two', 'absent'), lost);
    const second = await put('object', 'two', first.generation);
    await assert.rejects(put('object', 'three', first.generation), lost);
    await put('object', 'three', second.generation);
    await assert.rejects(put('other', 'one', second.generation), lost);
  });

  proves('of many who create or replace at once one wins', async ({ store, prefix, folder, put }) => {
    const race = async (ifGeneration: string, round: string) => {
      const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((who) => put('object', who + round, ifGeneration)));
      const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      for (const outcome of outcomes) if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'precondition-failed');
      assert.equal(won.length, 1);
      return won[0] as StoredObject;
    };
    const created = await race('absent', '1');
    const replaced = await race(created.generation, '2');
    const got = await store.get(`${prefix}object`, join(folder, 'got'), { signal, generation: replaced.generation });
    assert.equal(got.sha256, replaced.sha256 ?? got.sha256);
  });

  proves('a fetch is bound to a generation and a digest, and a refused one leaves nothing', async ({ store, prefix, folder, put }) => {
    const before = await put('object', 'one');
    await put('object', 'two');
    const to = join(folder, 'inside', 'file');
    await assert.rejects(store.get(`${prefix}object`, to, { signal, generation: before.generation }), { code: 'precondition-failed' });
    await assert.rejects(
      store.get(`${prefix}object`, to, { signal, sha256: sha256('one') }),
      (error: Error & { code: string; fault: string }) => {
        assert.deepEqual([error.code, error.fault], ['digest-mismatch', 'user']);
        for (const part of ['object', sha256('one'), sha256('two')]) assert.ok(error.message.includes(part));
        return true;
      },
    );
    assert.deepEqual(await readdir(join(folder, 'inside')).catch(() => []), []);
  });

  proves(
    'an older file at the target of a fetch is replaced only when the new one is whole and right',
    async ({ store, prefix, folder, put }) => {
      await put('object', 'new');
      const to = join(folder, 'file');
      await writeFile(to, 'old');
      await assert.rejects(store.get(`${prefix}object`, to, { signal, sha256: sha256('other') }), { code: 'digest-mismatch' });
      assert.equal(await readFile(to, 'utf8'), 'old');
      await store.get(`${prefix}object`, to, { signal });
      assert.equal(await readFile(to, 'utf8'), 'new');
    },
  );

  proves('a list holds what lies under the prefix, in order', async ({ store, prefix, put }) => {
    for (const object of ['b', 'a/2', 'a/10', 'a/1', 'ab', 'ä ö#?%.csv']) await put(object, object);
    const found = await all(store, prefix);
    assert.equal(found.length, 6);
    assert.deepEqual(
      found.map(({ uri }) => uri),
      found.map(({ uri }) => uri).sort(),
    );
    for (const { uri, bytes, generation } of found)
      assert.deepEqual((({ bytes, generation }) => ({ bytes, generation }))((await store.stat(uri, signal))!), { bytes, generation });
    assert.equal((await all(store, `${prefix}a/`)).length, 3);
    assert.equal((await all(store, `${prefix}a/1`)).length, 2);
    assert.deepEqual(await all(store, `${prefix}none/`), []);
  });

  proves('what was removed is gone', async ({ store, prefix, put }) => {
    await put('object', 'x');
    await store.remove(`${prefix}object`, signal);
    assert.equal(await store.stat(`${prefix}object`, signal), undefined);
    assert.deepEqual(await all(store, prefix), []);
  });

  proves('an aborted call stops and leaves nothing', async ({ store, prefix, folder, put }) => {
    await put('object', Buffer.alloc(5_000_000));
    const giveUp = new AbortController();
    const to = join(folder, 'inside', 'file');
    await assert.rejects(store.get(`${prefix}object`, to, { signal: giveUp.signal, onBytes: () => giveUp.abort() }), {
      name: 'AbortError',
    });
    assert.deepEqual(await readdir(join(folder, 'inside')), []);
    const from = join(folder, 'big');
    await writeFile(from, Buffer.alloc(5_000_000));
    await assert.rejects(store.put(from, `${prefix}half`, { signal: giveUp.signal }), { name: 'AbortError' });
    assert.equal(await store.stat(`${prefix}half`, signal), undefined);
  });

  proves('a local file that is missing is the user’s to mend', async ({ store, prefix, folder }) => {
    await assert.rejects(store.put(join(folder, 'none'), `${prefix}object`, { signal }), { code: 'missing-file', fault: 'user' });
    assert.deepEqual(await all(store, prefix), []);
  });
}
