import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { status } from '@grpc/grpc-js';
import { storeTree } from '../../../src/providers/registries/store-tree.ts';
import { vertexRegistry } from '../../../src/providers/registries/vertex.ts';
import { vertexLabels, vertexModelId } from '../../../src/providers/registries/vertex-entry.ts';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { draftOf, registryContract } from '../../contracts/registry.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { modelsStandIn } from '../../stand-ins/vertex/models.ts';
import { clientsOf } from '../google/vertex.ts';

async function emptyRegistry(context: TestContext) {
  const root = pathToFileURL(join(await scratchFolder(context), 'registry')).href;
  const server = await modelsStandIn(context);
  const said: string[] = [];
  const log = (line: string) => said.push(line);
  const again = () =>
    vertexRegistry({ clients: clientsOf(context, server), tree: storeTree({ store: fileStore(), root, pauseMs: 5 }), pauseMs: 1, log });
  const shown = () =>
    Object.fromEntries(server.versionsOf('churn').map(({ versionId, versionAliases }) => [versionId, [...(versionAliases ?? [])].sort()]));
  const uploads = () => server.calls.filter(({ method }) => method === 'UploadModel').length;
  return { root, server, said, shown, uploads, again, registry: again() };
}

registryContract('vertex', emptyRegistry);

const NAME = 'projects/ours-1/locations/europe-west4/models/churn';

test('vertex registry: a version is shown with the folder of its model, its figures and verdicts; only the first is `default`, and that is told', async (context) => {
  const { registry, server, root, shown } = await emptyRegistry(context);
  const metadata = {
    run: 'Run-2026-11-21.1',
    algorithm: 'T5 small',
    performance: { test: { exact_match: 0.84213, f1_score: 0.9 } },
    verdicts: { evaluate: { kind: 'passed' } },
  };
  const first = await registry.add('churn', await draftOf(context, 'a', metadata), signal);
  const second = await registry.add('churn', await draftOf(context, 'b'), signal);
  const [one, two] = server.versionsOf('churn');
  assert.deepEqual([one?.name, one?.versionId, two?.versionId], [NAME, '1', '2']);
  assert.match(String(one?.artifactUri), new RegExp(`^${root}/_files/churn/[0-9a-f]{16}/model$`));
  assert.notEqual(one?.artifactUri, two?.artifactUri);
  assert.deepEqual(
    { ...one?.labels },
    {
      retrain_version: '1',
      retrain_digest: first.digest.slice(0, 63),
      run: 'run-2026-11-21_1',
      algorithm: 't5_small',
      verdict_evaluate: 'passed',
      metric_exact_match: '0_8421',
      metric_f1_score: '0_9',
    },
  );
  assert.match(
    String(one?.versionDescription),
    /^Retrain version 1 · run Run-2026-11-21\.1 · exact_match 0\.8421 · f1_score 0\.9 · digest /,
  );
  assert.deepEqual(shown(), { 1: ['default'], 2: [] });
  const entry = await registry.entry?.(first, signal);
  assert.equal(entry?.name, `${NAME}@1`);
  assert.match(String(entry?.remark), /first version of the model; it is not promoted/);
  assert.deepEqual(await registry.entry?.(second, signal), { name: `${NAME}@2` });
  await registry.move('churn', { champion: 1 }, 0, signal);
  assert.deepEqual(await registry.entry?.(first, signal), { name: `${NAME}@1` });
});

test('vertex registry: the same draft is uploaded once, also by many at once and after a lost answer', async (context) => {
  const { registry, again, server, uploads } = await emptyRegistry(context);
  const draft = await draftOf(context, 'a');
  server.fault('UploadModel', { code: status.UNAVAILABLE, done: true });
  await registry.add('churn', draft, signal);
  await again().add('churn', draft, signal);
  assert.equal(uploads(), 1);
  assert.equal(server.versionsOf('churn').length, 1);

  const other = await draftOf(context, 'b');
  const added = await Promise.all([1, 2, 3].map(() => again().add('churn', other, signal)));
  assert.deepEqual(
    added.map(({ version }) => version),
    [2, 2, 2],
  );
  await registry.add('churn', other, signal);
  assert.equal(server.versionsOf('churn').length, 2);
});

test('vertex registry: of two who upload a version at the same moment the younger is withdrawn', async (context) => {
  const { registry, again, server, uploads } = await emptyRegistry(context);
  const draft = await draftOf(context, 'b');
  await registry.add('churn', await draftOf(context, 'a'), signal);
  server.fault('UploadModel', { code: status.PERMISSION_DENIED });
  await assert.rejects(registry.add('churn', draft, signal), { code: 'vertex-forbidden' });
  let go = () => {};
  const until = new Promise<void>((resolve) => (go = resolve));
  server.fault('UploadModel', { until }, { until });
  const version = await registry.version('churn', 2, signal);
  const entries = [1, 2].map(() => again().entry?.(version, signal));
  while (uploads() < 4) await setImmediate();
  go();
  assert.deepEqual(await Promise.all(entries), [{ name: `${NAME}@2` }, { name: `${NAME}@2` }]);
  assert.deepEqual(
    server.versionsOf('churn').map(({ versionId }) => versionId),
    ['1', '2'],
  );
});

test('vertex registry: two who register a model at once for the first time share it', async (context) => {
  const { again, server } = await emptyRegistry(context);
  const drafts = await Promise.all(['a', 'b'].map((seed) => draftOf(context, seed)));
  await Promise.all(drafts.map((draft) => again().add('churn', draft, signal)));
  assert.equal(server.versionsOf('churn').length, 2);
});

test('vertex registry: a run that ended before the upload is completed by the next', async (context) => {
  const { registry, again, server } = await emptyRegistry(context);
  const draft = await draftOf(context, 'a');
  server.fault('UploadModel', { code: status.PERMISSION_DENIED, message: "Permission 'aiplatform.models.upload' denied." });
  await assert.rejects(registry.add('churn', draft, signal), {
    code: 'vertex-forbidden',
    fault: 'user',
    message: /aiplatform\.models\.upload/,
  });
  assert.equal(server.versionsOf('churn').length, 0);
  assert.equal((await again().add('churn', draft, signal)).version, 1);
  assert.equal(server.versionsOf('churn').length, 1);
});

test('vertex registry: an upload that was refused without a trace is not taken for made', async (context) => {
  const { registry, server, uploads } = await emptyRegistry(context);
  server.fault('UploadModel', { code: status.UNAVAILABLE });
  await assert.rejects(registry.add('churn', await draftOf(context, 'a'), signal), { code: 'vertex-unreachable', fault: 'world' });
  assert.equal(uploads(), 1);
});

test('vertex registry: aliases follow the bucket, `default` the champion, and those of other people stay', async (context) => {
  const { registry, server, shown } = await emptyRegistry(context);
  for (const seed of ['a', 'b', 'c']) await registry.add('churn', await draftOf(context, seed), signal);
  const client = await clientsOf(context, server).models();
  await client.mergeVersionAliases({ name: `${NAME}@3`, versionAliases: ['golden'] });
  await registry.move('churn', { champion: 1 }, 0, signal);
  assert.deepEqual(shown(), { 1: ['champion', 'default'], 2: [], 3: ['golden'] });
  await registry.move('churn', { champion: 2, previous: 1, staging: 3 }, 1, signal);
  assert.deepEqual(shown(), { 1: ['previous'], 2: ['champion', 'default'], 3: ['golden', 'staging'] });
  await registry.move('churn', { champion: 1, previous: 2, staging: undefined }, 2, signal);
  assert.deepEqual(shown(), { 1: ['champion', 'default'], 2: ['previous'], 3: ['golden'] });
});

test('vertex registry: a move that Vertex AI does not show is made all the same, told, and repaired when the aliases are read', async (context) => {
  const { registry, again, server, said, shown } = await emptyRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  server.fault('MergeVersionAliases', { code: status.PERMISSION_DENIED });
  assert.deepEqual(await registry.move('churn', { champion: 2 }, 0, signal), { generation: 1, versions: { champion: 2 } });
  assert.deepEqual(shown(), { 1: ['default'], 2: [] });
  assert.match(said.join(), /does not show the aliases of churn yet/);
  assert.deepEqual(await again().aliases('churn', signal), { generation: 1, versions: { champion: 2 } });
  assert.deepEqual(shown(), { 1: [], 2: ['champion', 'default'] });
});

test('vertex registry: versions that others uploaded into the model are no trouble', async (context) => {
  const { registry, server, shown } = await emptyRegistry(context);
  const clients = clientsOf(context, server);
  const client = await clients.models();
  const foreign = { displayName: 'churn', artifactUri: 'gs://elsewhere/model' };
  const begun = await clients.write(
    'upload',
    (options) => client.uploadModel({ parent: clients.parent, modelId: 'churn', model: foreign }, options),
    signal,
  );
  await clients.finished('upload', client, 'uploadModel', begun, signal);
  const version = await registry.add('churn', await draftOf(context, 'a'), signal);
  assert.equal(version.version, 1);
  assert.deepEqual(await registry.entry?.(version, signal), { name: `${NAME}@2` });
  await registry.move('churn', { champion: 1 }, 0, signal);
  assert.deepEqual(shown(), { 1: [], 2: ['champion', 'default'] });
  await registry.move('churn', { champion: undefined }, 1, signal);
  await registry.remove('churn', 1, signal);
  assert.deepEqual(shown(), { 1: ['default'] });
});

test('vertex registry: a removed version goes from Vertex AI too, the last one with its model; one that is deployed is told', async (context) => {
  const { registry, server, shown } = await emptyRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  server.deploy('churn', '2');
  await assert.rejects(registry.remove('churn', 2, signal), { code: 'vertex-refused', fault: 'user', message: /deployed to an endpoint/ });
  await assert.rejects(registry.version('churn', 2, signal), { code: 'no-such-version' });
  await registry.add('churn', await draftOf(context, 'c'), signal);
  await registry.remove('churn', 1, signal);
  assert.deepEqual(shown(), { 2: [], 3: ['default'] });

  await registry.add('fraud', await draftOf(context, 'a'), signal);
  await registry.remove('fraud', 1, signal);
  assert.deepEqual(server.versionsOf('fraud'), []);
});

test('vertex registry: an alias Vertex AI cannot carry is refused before anything moves', async (context) => {
  const { registry } = await emptyRegistry(context);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  for (const alias of ['in_service', 'default', 'x', 'Champion', 'a-'])
    await assert.rejects(registry.move('churn', { [alias]: 1 }, 0, signal), { code: 'bad-alias', fault: 'user' }, alias);
  assert.equal((await registry.aliases('churn', signal)).generation, 0);
});

test('vertex registry: names become ids that Vertex AI takes, and no two names one id', () => {
  assert.equal(vertexModelId('churn_v2'), 'churn_v2');
  const odd = ['2024-churn', 'Churn', 'churn.v2', 'x'.repeat(64), 'x'.repeat(65), '_x'];
  const ids = odd.map(vertexModelId);
  assert.equal(new Set(ids).size, odd.length);
  for (const id of ids) assert.match(id, /^[a-z][a-z0-9_-]{0,62}$/);
  assert.match(ids[0] as string, /^m-2024-churn-[0-9a-f]{8}$/);
});

test('vertex registry: of many figures as many become labels as Vertex AI takes', () => {
  const test = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`figure_${at}`, at / 7]));
  const made = {
    model: 'churn',
    version: 1,
    created: 't',
    files: [],
    digest: 'd'.repeat(64),
    metadata: { performance: { test } },
    tags: {},
  };
  const labels = vertexLabels(made);
  assert.equal(Object.keys(labels).length, 64);
  for (const [key, value] of Object.entries(labels)) {
    assert.match(key, /^[a-z][a-z0-9_-]{0,62}$/);
    assert.match(value, /^[a-z0-9_-]{1,63}$/);
  }
});
