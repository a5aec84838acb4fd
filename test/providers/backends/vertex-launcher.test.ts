import assert from 'node:assert/strict';
import { type ExecFileException, execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { launcherFrom } from '../../../src/providers/backends/vertex-launcher.ts';
import { gcsStandIn } from '../../stand-ins/gcs.ts';
import { freshFolder } from './trainer-jobs.ts';

/** Runs the program an image of the user's own is started with, as the image's Python would; it unpacks into a fixed folder of the container. */
async function started(uri: string, sha256: string, env: Readonly<Record<string, string>>) {
  const program = launcherFrom(uri, sha256, 0.01);
  return new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) =>
    execFile(
      'python3',
      ['-W', 'ignore', '-c', program],
      { env: { PATH: process.env.PATH, ...env }, timeout: 60_000 },
      (error: ExecFileException | null, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
    ),
  );
}

/** A bucket with a package whose launcher says that it has begun, and starts a trainer of the package. */
async function packed(t: TestContext) {
  const gcs = await gcsStandIn(t, 'ours');
  const folder = freshFolder(t);
  const module_ = join(folder, 'retrain_trainers-1.0.0/retrain_trainers');
  mkdirSync(join(module_, 'remote'), { recursive: true });
  for (const path of ['__init__.py', 'remote/__init__.py']) writeFileSync(join(module_, path), '');
  const begins =
    'import subprocess, sys\nprint("begun", flush=True)\nsubprocess.run([sys.executable, "-m", "retrain_trainers.own"], check=True)\n';
  writeFileSync(join(module_, 'remote/__main__.py'), begins);
  writeFileSync(join(module_, 'own.py'), 'print("its trainer, too")\n');
  assert.equal(spawnSync('tar', ['czf', 'package.tar.gz', 'retrain_trainers-1.0.0'], { cwd: folder }).status, 0);
  const content = readFileSync(join(folder, 'package.tar.gz'));
  gcs.put('ours', 'packages/p.tar.gz', content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { gcs, start: () => started('gs://ours/packages/p.tar.gz', sha256, { STORAGE_EMULATOR_HOST: gcs.endpoint }) };
}

test('the package of an image of one’s own is asked for again where the bucket is away or cuts it', async (t) => {
  const { gcs, start } = await packed(t);
  gcs.faults.push({ on: /GET .*alt=media/, status: 503 }, { on: /GET .*alt=media/, cutAfter: 40 }, { on: /GET .*alt=media/, status: 429 });
  assert.deepEqual(await start(), { code: 0, out: 'begun\nits trainer, too\n', err: '' });
});

test('it is not asked for without end, and not again where it is refused; the last line says why', async (t) => {
  const { gcs, start } = await packed(t);
  const asked = () => gcs.requests.filter((line) => line.includes('alt=media')).length;
  for (let i = 0; i < 20; i++) gcs.faults.push({ on: /GET .*alt=media/, status: 503 });
  const away = await start();
  assert.deepEqual(
    [away.code, away.err, asked()],
    [1, 'gs://ours/packages/p.tar.gz could not be fetched: HTTP Error 503: Service Unavailable\n', 6],
  );
  gcs.faults.splice(0);
  gcs.denied.add('storage.objects.get');
  const refused = await start();
  assert.deepEqual([refused.code, asked()], [1, 7]);
  assert.match(refused.err, /^gs:\/\/ours\/packages\/p\.tar\.gz could not be fetched: HTTP Error 403: /);
});

test('who the job is, its machine says itself: no proxy is asked', async (t) => {
  const asked: string[] = [];
  const machine = createServer((request, reply) => {
    asked.push(`${request.url} ${request.headers['metadata-flavor']}`);
    reply.end('{"access_token":"t"}');
  });
  await new Promise<void>((resolve) => machine.listen(0, '127.0.0.1', resolve));
  t.after(() => machine.close());
  const nowhere = 'http://127.0.0.1:1';
  const env = { GCE_METADATA_HOST: `127.0.0.1:${(machine.address() as AddressInfo).port}`, http_proxy: nowhere, https_proxy: nowhere };
  const { code, err } = await started('gs://ours/packages/p.tar.gz', '0'.repeat(64), env);
  assert.deepEqual([code, new Set(asked)], [1, new Set(['/computeMetadata/v1/instance/service-accounts/default/token Google'])]);
  assert.match(err, /could not be fetched: .*refused/);
});
