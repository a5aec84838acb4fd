import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../../../src/kernel/digest.ts';
import { scratchFolder } from '../../contracts/scratch.ts';
import { customers } from '../../e2e/customers.ts';
import { gcsStandIn } from '../../stand-ins/gcs.ts';
import { called, logOf, pipeline, started, stepOf } from '../started.ts';

const ROWS = 45_000;

test('an entry of the cache that is poisoned, then one that is damaged: the run says so, fetches the data itself, uses nothing of it and is green', async (context) => {
  const here = await started(context);
  const gcs = await gcsStandIn(context, 'acme-data');
  const data = customers(ROWS);
  const digest = sha256(data);
  assert.ok(data.length > 1024 * 1024, 'less is not kept for later jobs');
  gcs.put('acme-data', 'churn/2026-01.csv', data, { metadata: { metadata: { sha256: digest } } });
  await here.project.write(
    'repository/pipelines/churn.yaml',
    pipeline(here.project, 'churn').replace('source: data/*.csv', 'source: gs://acme-data/churn/*.csv'),
  );
  const cache = join(here.project.folder, 'cache');
  const downloads = () => gcs.requests.filter((request) => request.includes('alt=media')).length;
  const run = async (number: number) => {
    const before = downloads();
    const ended = called(
      await here.run('one-model.yml', number, {
        inputs: { force: 'true' },
        cache: [{ ref: 'refs/heads/main', write: true }],
        // At the same place on every machine, as on GitHub's, and gone with it.
        machine: { env: { STORAGE_EMULATOR_HOST: gcs.endpoint, RETRAIN_CACHE: cache } },
        afterJob: () => rm(cache, { recursive: true, force: true }),
      }),
    );
    const { log, outputs } = stepOf(ended, 'prepare', 'fetch-data');
    assert.equal(ended.result, 'success', logOf(ended));
    assert.equal(ended.outputs.outcome, 'passed', logOf(ended));
    return { log: log.join('\n'), digest: outputs.digest, fetched: downloads() - before };
  };

  const first = await run(1);
  assert.equal(first.fetched, 1, first.log);
  const [entry, ...more] = here.artifacts.cache.entries.filter(({ key }) => /data/.test(key));
  assert.ok(entry?.complete && more.length === 0, JSON.stringify(here.artifacts.cache.calls));
  const good = entry.content;
  const second = await run(2);
  assert.deepEqual([second.fetched, second.digest], [0, first.digest], second.log);

  const evil = await scratchFolder(context);
  const [name = ''] = execFileSync('tar', ['-P', '-tf', '-'], { input: unzipped(good) })
    .toString()
    .split('\n')
    .filter((line) => !line.endsWith('/'));
  await writeFile(join(evil, 'evil.csv'), data.replaceAll('yes', 'no'));
  entry.content = execFileSync('tar', [
    isGzip(good) ? '--gzip' : '--zstd',
    '-P',
    '-C',
    evil,
    `--transform=s,^evil.csv$,${name},`,
    '-cf',
    '-',
    'evil.csv',
  ]);
  const poisoned = await run(3);
  assert.deepEqual([poisoned.fetched, poisoned.digest], [1, first.digest], poisoned.log);
  assert.match(poisoned.log, /Discarded "[^"]+" from the cache: its digest is none that is expected/);

  entry.content = Buffer.concat([good.subarray(0, good.length >> 1), Buffer.alloc(good.length >> 1, 7)]);
  const damaged = await run(4);
  assert.deepEqual([damaged.fetched, damaged.digest], [1, first.digest], damaged.log);
  assert.match(damaged.log, /Nothing came from the cache/);
  assert.equal(await here.fits(), 4);
});

const isGzip = (archive: Buffer): boolean => archive.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]));
const unzipped = (archive: Buffer): Buffer =>
  execFileSync(isGzip(archive) ? 'gzip' : 'zstd', ['-dc'], { input: archive, maxBuffer: 1 << 28 });
