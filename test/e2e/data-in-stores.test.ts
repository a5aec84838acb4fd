import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readDataset } from '../../src/tables/dataset.ts';
import { gcsStandIn } from '../stand-ins/gcs.ts';
import { hubStandIn } from '../stand-ins/hub.ts';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { recordOf } from './support.ts';

const rows = customers(240).trimEnd().split('\n');
/** The header and some of the rows. */
const part = (from: number, to: number): string => `${[rows[0], ...rows.slice(from + 1, to + 1)].join('\n')}\n`;
const [ONE, TWO, THREE] = [part(0, 120), part(120, 180), part(180, 240)];

async function begin(t: TestContext, source: string, env: Readonly<Record<string, string>>) {
  const project = await ownProject({ 'churn.yaml': ownPipeline().replace('source: data.csv', `source: "${source}"`) });
  t.after(() => project[Symbol.asyncDispose]());
  return {
    project,
    async run(...args: string[]) {
      const { code, out, err } = await project.retrain(['run', 'churn.yaml', ...args], {
        ...env,
        RETRAIN_CACHE: join(project.folder, 'cache'),
      });
      return { code, said: out + err, run: await project.lastRun() };
    },
  };
}

test('data of a bucket: a pattern is one table; nothing new is seen without a byte; what is new is all that is fetched', async (t) => {
  const gcs = await gcsStandIn(t, 'acme');
  const { project, run } = await begin(t, 'gs://acme/raw/day=*/*.csv', { STORAGE_EMULATOR_HOST: gcs.endpoint });
  const fetched = () => gcs.requests.filter((line) => line.includes('alt=media')).length;

  const early = await run();
  assert.deepEqual([early.code, recordOf(early.run, 'gate').verdict?.kind], [0, 'skipped']);
  assert.match(early.said, /gs:\/\/acme\/raw\/day=\*\/\*\.csv matches no file yet/);

  const { generation } = gcs.put('acme', 'raw/day=1/a.csv', ONE);
  gcs.put('acme', 'raw/day=2/b.csv', TWO);
  gcs.put('acme', 'raw/day=2/_SUCCESS', '');
  gcs.put('acme', 'raw/notes.csv', 'of no use');
  const first = await run();
  assert.deepEqual([first.code, first.run.outcome, first.run.version, fetched()], [0, 'passed', 1, 2], first.said);
  const dataset = readDataset(await project.read(`.retrain/runs/${first.run.id}/files/fetch-data/dataset.json`), 'dataset.json');
  assert.deepEqual(
    dataset.files.map(({ name, uri }) => [name, uri]),
    ['raw/day=1/a.csv', 'raw/day=2/b.csv'].map((name) => [name, `gs://acme/${name}`]),
  );
  assert.equal(dataset.files[0]?.generation, String(generation));

  const second = await run();
  assert.deepEqual([second.code, recordOf(second.run, 'gate').verdict?.kind, fetched()], [0, 'skipped', 2]);

  gcs.put('acme', 'raw/day=2/b.csv', TWO);
  const sameAgain = await run();
  assert.match(JSON.stringify(recordOf(sameAgain.run, 'fetch-data').verdict), /already-trained/, 'the same bytes under a new generation');
  assert.equal(fetched(), 2);

  gcs.put('acme', 'raw/day=3/c.csv', THREE);
  const third = await run('--only', 'fetch-data');
  assert.deepEqual([recordOf(third.run, 'fetch-data').verdict?.kind, fetched()], ['passed', 3], third.said);
});

test('data of a bucket: a file replaced between list and fetch heals by the retry of the stage', async (t) => {
  const gcs = await gcsStandIn(t, 'acme');
  gcs.put('acme', 'raw/a.csv', ONE);
  const { run } = await begin(t, 'gs://acme/raw/', { STORAGE_EMULATOR_HOST: gcs.endpoint });
  const again = ['--only', 'fetch-data', '--set', 'run.retries=1', '--set', 'run.retry-delay=0s'];
  gcs.faults.push({ on: /alt=media/, before: () => void gcs.put('acme', 'raw/a.csv', part(0, 240)) });
  const { code, said, run: found } = await run(...again);
  assert.deepEqual([code, recordOf(found, 'fetch-data').attempt, recordOf(found, 'fetch-data').outputs.files], [0, 2, 1], said);
  assert.match(said, /precondition-failed|was changed meanwhile/);
  assert.equal(recordOf(found, 'fetch-data').outputs.bytes, part(0, 240).length);
});

test('data of the Hub: a data set at one commit; a push that leaves the files alone is nothing new', async (t) => {
  const hub = await hubStandIn(t);
  hub.push('datasets/acme/churn', { 'data/train-1.csv': ONE, 'data/train-2.csv': TWO, 'data/test.csv': THREE, 'README.md': '# churn' });
  const { project, run } = await begin(t, 'hf://datasets/acme/churn/data/train-*.csv', { HF_ENDPOINT: hub.endpoint });
  const fetched = () => hub.requests.filter((line) => line.includes('/resolve/')).length;
  const first = await run();
  assert.deepEqual([first.code, first.run.version, fetched()], [0, 1, 2], first.said);
  const dataset = readDataset(await project.read(`.retrain/runs/${first.run.id}/files/fetch-data/dataset.json`), 'dataset.json');
  assert.match(dataset.files[0]?.uri ?? '', /^hf:\/\/datasets\/acme\/churn@[0-9a-f]{40}\/data\/train-1\.csv$/);
  hub.push('datasets/acme/churn', { 'README.md': '# churn, told better' });
  const second = await run();
  assert.deepEqual([second.code, recordOf(second.run, 'gate').verdict?.kind, fetched()], [0, 'skipped', 2]);
  hub.push('datasets/acme/churn', { 'data/train-2.csv': THREE });
  assert.equal(recordOf((await run()).run, 'fetch-data').verdict?.kind, 'passed');
  assert.equal(fetched(), 3);
});
