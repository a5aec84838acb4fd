import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { stages, standalone } from '../../../src/catalog.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { openJobCache } from '../../../src/providers/caches/open-job-cache.ts';
import { buildBundle } from '../../../tools/bundle/build-bundle.ts';
import { captureProgram } from '../../../tools/process.ts';
import { patience, scratchFolder } from '../../contracts/scratch.ts';
import { customers, predictions } from '../../hosts/action-data.ts';
import { ArtifactService } from '../../stand-ins/artifacts.ts';
import { fromFolder, RunnerJob } from '../../stand-ins/runner.ts';

const root = dirname(dirname(dirname(import.meta.dirname)));
/** What GitHub has of Retrain when a workflow uses it: the repository without `node_modules`, somewhere else. */
const elsewhere = mkdtempSync(join(tmpdir(), 'retrain-bundle-'));
const actions = join(elsewhere, 'actions');
const dist = join(actions, 'dist');
const start = fromFolder(actions);

before(
  async () => {
    mkdirSync(elsewhere, { recursive: true });
    for (const name of ['package.json', 'actions', 'bin', 'trainers']) cpSync(join(root, name), join(elsewhere, name), { recursive: true });
    await buildBundle(dist);
  },
  { timeout: 600_000 },
);
after(() => rmSync(elsewhere, { recursive: true, force: true }));

const digests = (folder: string) =>
  readdirSync(folder)
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    );

for (const { name } of [...stages, ...standalone]) {
  test(`the bundled ${name} starts, and says which inputs it wants`, async () => {
    await using job = await RunnerJob.begin({ start });
    const step = await job.run(name);
    assert.equal(step.code, 2, step.log.join('\n'));
    assert.match(step.log.join('\n'), new RegExp(`problems? in the inputs of ${name}:\n`));
    assert.equal(step.outputs.reason, 'invalid-inputs');
  });
}

test('the bundled drift, evaluate and validate-data do their work', async () => {
  await using job = await RunnerJob.begin({ start });
  await job.write('old.csv', customers(400));
  await job.write('new.csv', customers(400, 30));
  await job.write('predictions.csv', predictions(300));
  const drift = await job.run('drift', { reference: 'old.csv', current: 'new.csv', key: 'id', target: 'churn' });
  assert.deepEqual([drift.code, drift.outputs.drifted], [0, 'true'], drift.log.join('\n'));
  const evaluate = await job.run('evaluate', {
    task: 'classification',
    target: '{ column: churn, positive: "yes" }',
    key: 'id',
    predictions: 'predictions.csv',
  });
  assert.deepEqual([evaluate.code, evaluate.outputs.primary], [0, 'auc_roc'], evaluate.log.join('\n'));
  const validate = await job.run('validate-data', { data: 'old.csv', rules: '{ age: { min: 0 } }' });
  assert.deepEqual([validate.code, validate.outputs.rows], [0, '400'], validate.log.join('\n'));
});

for (const dialect of ['sqlite', 'postgres', 'mysql']) {
  test(`the bundled syntax-validate starts its threads and finds its WebAssembly: ${dialect}`, async () => {
    await using job = await RunnerJob.begin({ start });
    await job.write('sql.csv', 'id,predicted_sql\n1,SELECT a FROM t\n2,"SELECT a,, b FROM t"\n');
    const step = await job.run('syntax-validate', { predictions: 'sql.csv', dialect, 'cross-check': 'on' });
    assert.equal(step.outputs.judged, '2', step.log.join('\n'));
    assert.equal(step.outputs.validity, '0.5');
  });
}

test('the bundled process of the cache speaks with the service: what one job keeps a later one finds', async (context) => {
  await using service = await ArtifactService.begin();
  const folder = join(await scratchFolder(context), 'packages');
  mkdirSync(folder);
  writeFileSync(join(folder, 'one.whl'), 'one');
  const scopes = [{ ref: 'refs/heads/main', write: true }];
  const env = { PATH: process.env.PATH, GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'push', ...service.env('r', 'j', scopes) };
  const said: string[] = [];
  const cache = await openJobCache({ env, root: elsewhere, bundled: true, log: (line) => said.push(line) });
  await cache!.save('packages-1', folder, patience);
  rmSync(folder, { recursive: true });
  assert.deepEqual(await cache!.restore('packages-1', folder, new Set([sha256('one')]), patience), ['one.whl'], said.join('\n'));
});

test('the bundle starts the terminal where there are no sources', async () => {
  const { code, output } = await captureProgram(process.execPath, [join(elsewhere, 'bin', 'retrain.mjs'), '--version'], { cwd: elsewhere });
  assert.equal(code, 0, output);
  assert.equal(output.trim(), (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version);
});

test('two builds of one tree are equal, byte for byte; and the committed one, once there is one, is what these sources give', {
  timeout: 600_000,
}, async () => {
  const again = join(elsewhere, 'again');
  await buildBundle(again);
  assert.deepEqual(digests(again), digests(dist));
  const committed = join(root, 'actions', 'dist');
  if (existsSync(committed)) assert.deepEqual(digests(committed), digests(dist), 'npm run bundle, and commit it by itself');
});

test('the bundle names no folder of the machine it was built on, and is small enough to be fetched by every job', () => {
  const names = readdirSync(dist);
  for (const name of names.filter((one) => one.endsWith('.js'))) {
    assert.equal(readFileSync(join(dist, name), 'utf8').includes(root), false, name);
  }
  const bytes = names.reduce((sum, name) => sum + statSync(join(dist, name)).size, 0);
  const zipped = names.reduce((sum, name) => sum + gzipSync(readFileSync(join(dist, name))).length, 0);
  assert.ok(bytes <= 16e6, `${bytes} bytes`);
  assert.ok(zipped <= 4e6, `${zipped} bytes gzipped`);
});
