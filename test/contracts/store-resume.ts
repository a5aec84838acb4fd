import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../../src/providers/stores/store.ts';
import { type CuttingProxy, cuttingProxy } from '../stand-ins/cutting-proxy.ts';
import { scratchFolder, patience as signal } from './scratch.ts';

/** A store in the network with one large object, which can be replaced. */
export interface ResumeBench {
  /** Address of the service. */
  readonly endpoint: string;
  readonly uri: string;
  /** Puts these bytes there, in place of what was. */
  replace(content: Buffer): Promise<void>;
  /** The store at an address, giving up after one failure. */
  open(endpoint: string): Store;
  /** What opens the same store in another process: see {@link file://./fetch-program.ts}. */
  readonly scheme: 'gs' | 'hf';
}

const BYTES = 3_000_000;
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const contentOf = (seed: number): Buffer =>
  Buffer.from(Uint32Array.from({ length: BYTES / 4 }, (_, at) => at * 2_654_435_761 + seed).buffer);

/** What every store in the network promises of a fetch that is given a place for what it has. */
export function storeResumeContract(name: string, make: (context: TestContext) => Promise<ResumeBench>): void {
  const one = contentOf(1);
  const proves = (
    promise: string,
    body: (given: ResumeBench & { proxy: CuttingProxy; store: Store; folder: string; partial: string; to: string }) => Promise<void>,
  ) =>
    test(`store ${name}: ${promise}`, async (context) => {
      const bench = await make(context);
      await bench.replace(one);
      const proxy = await cuttingProxy(context, bench.endpoint);
      const folder = await scratchFolder(context);
      const [partial, to] = [join(folder, 'partial', 'p'), join(folder, 'file')];
      await body({ ...bench, proxy, folder, partial, to, store: bench.open(proxy.endpoint) });
    });

  proves('a fetch that is cut off goes on in the next call: only the rest is transferred', async ({ proxy, store, uri, partial, to }) => {
    const { generation } = (await store.stat(uri, signal))!;
    proxy.cutAfter(2_000_000);
    await assert.rejects(store.get(uri, to, { signal, generation, partial }), { fault: 'world' });
    const { size } = await stat(partial);
    assert.ok(size > 0 && size <= 2_000_000, String(size));
    const seen: number[] = [];
    const got = await store.get(uri, to, { signal, generation, partial, onBytes: (bytes) => seen.push(bytes) });
    assert.deepEqual(got, { sha256: sha256(one), bytes: BYTES, generation });
    assert.ok((await readFile(to)).equals(one));
    assert.deepEqual([proxy.downloads[1]?.range, proxy.downloads[1]?.bytes], [`bytes=${size}-`, BYTES - size]);
    assert.deepEqual([seen[0], seen.at(-1)], [size, BYTES]);
    assert.deepEqual(await readdir(join(partial, '..')), []);
  });

  proves('a process killed in the middle is gone on with by the next', async ({ proxy, store, uri, scheme, folder, partial, to }) => {
    const { generation } = (await store.stat(uri, signal))!;
    const reached = proxy.stallAfter(1_500_000);
    const program = join(import.meta.dirname, 'fetch-program.ts');
    const child = spawn(process.execPath, [program, scheme, proxy.endpoint, uri, to, generation, partial], { stdio: 'inherit' });
    await reached;
    // What went over the line is in the process's hands soon; how soon is not promised.
    for (let before = -1; ; ) {
      const { size } = await stat(partial).catch(() => ({ size: 0 }));
      if (size > 0 && size === before) break;
      before = size;
      await delay(50);
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { size } = await stat(partial);
    assert.deepEqual((await readdir(folder)).sort(), ['partial'], 'nothing beside the target');
    const got = await store.get(uri, to, { signal, generation, partial });
    assert.equal(got.sha256, sha256(one));
    assert.deepEqual([proxy.downloads.at(-1)?.range, proxy.downloads.at(-1)?.bytes], [`bytes=${size}-`, BYTES - size]);
  });

  proves('a cancelled fetch is gone on with', async ({ proxy, store, uri, partial, to }) => {
    const giveUp = new AbortController();
    await assert.rejects(store.get(uri, to, { signal: giveUp.signal, partial, onBytes: (bytes) => bytes > 500_000 && giveUp.abort() }), {
      name: 'AbortError',
    });
    const { size } = await stat(partial);
    await store.get(uri, to, { signal, partial });
    assert.deepEqual([size > 500_000, proxy.downloads[1]?.bytes], [true, BYTES - size]);
  });

  proves('a whole file that was not put in its place yet needs no bytes', async ({ proxy, store, uri, partial, to }) => {
    await store.get(uri, partial, { signal });
    await store.get(uri, to, { signal, partial, sha256: sha256(one) });
    assert.equal(proxy.downloads.length, 1);
    assert.ok((await readFile(to)).equals(one));
  });

  proves(
    'an earlier part that is damaged, or too long, is thrown away and the whole is fetched',
    async ({ proxy, store, uri, partial, to }) => {
      for (const damaged of [Buffer.concat([Buffer.from('x'), one.subarray(1, 1_000_000)]), Buffer.concat([one, one])]) {
        await store.get(uri, partial, { signal });
        await writeFile(partial, damaged);
        await store.get(uri, to, { signal, partial });
        assert.ok((await readFile(to)).equals(one));
        assert.deepEqual([proxy.downloads.at(-1)?.range, proxy.downloads.at(-1)?.bytes], [undefined, BYTES]);
      }
      await store.get(uri, partial, { signal });
      await truncate(partial, 1_000_000);
      await assert.rejects(store.get(uri, to, { signal, partial, sha256: sha256(contentOf(2)) }), { code: 'digest-mismatch' });
      assert.deepEqual(await readdir(join(partial, '..')), []);
    },
  );

  proves('when the object was changed, what there was of it is thrown away', async ({ proxy, store, uri, open, replace, partial, to }) => {
    const { generation } = (await store.stat(uri, signal))!;
    proxy.cutAfter(1_000_000);
    await assert.rejects(store.get(uri, to, { signal, generation, partial }), { fault: 'world' });
    await replace(contentOf(2));
    await assert.rejects(open(proxy.endpoint).get(uri, to, { signal, generation, partial }), {
      code: 'precondition-failed',
      fault: 'world',
    });
    assert.deepEqual(await readdir(join(partial, '..')), []);
  });
}
