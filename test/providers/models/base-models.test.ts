import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { digestPath } from '../../../src/kernel/digest.ts';
import { keptObjects } from '../../../src/providers/kept-objects.ts';
import { baseModels } from '../../../src/providers/models/base-models.ts';
import { newestOf, versionIn } from '../../../src/providers/models/newest.ts';
import { openStore } from '../../../src/providers/stores/open-store.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { type GcsStandIn, gcsStandIn } from '../../stand-ins/gcs.ts';
import { PICKLE, SENTENCEPIECE, safetensors } from './model-files.ts';

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

async function given(context: TestContext) {
  const [base, gcs] = [await scratchFolder(context), await gcsStandIn(context, 'models')];
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const store = openStore({ base, env: { STORAGE_EMULATOR_HOST: gcs.endpoint }, log });
  const bring = keptObjects({ store, cache: join(base, 'cache'), what: 'models', log });
  const models = baseModels({ store, base, bring });
  const write = async (path: string, content: string | Buffer) => {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), content);
  };
  return { base, gcs, models, lines, write };
}

const putModel = (gcs: GcsStandIn, folder: string, updated?: string) => {
  const more = updated === undefined ? {} : { updated };
  gcs.put('models', `${folder}/config.json`, '{"d_model":64}', more);
  gcs.put('models', `${folder}/model.safetensors`, safetensors(), more);
};
const downloads = (gcs: GcsStandIn) => gcs.requests.filter((line) => line.includes('alt=media')).length;

test('versions in names: the last group of numbers counts, number by number', () => {
  const found = ['t5-large', 't5-v3', 't5-v2.10', 'model_7.safetensors', 't5-2026-11-21', 'v1.0-rc2', 'flan-t5-12'].map(versionIn);
  assert.deepEqual(found, [undefined, [3n], [2n, 10n], [7n], [2026n, 11n, 21n], [1n, 0n], [12n]]);
});

test('newest: version before time, a version before none, number before text, ties by path', () => {
  const newest = (...candidates: readonly (readonly [string, string])[]) =>
    newestOf(candidates.map(([name, modified]) => ({ name, modified, folder: true })))?.name;
  assert.equal(newest(['m-v9', '2026-03'], ['m-v10', '2026-01'], ['m-v2', '2026-05']), 'm-v10');
  assert.equal(newest(['zeta', '2026-05'], ['m-v1', '2026-01']), 'm-v1');
  assert.equal(newest(['zeta', '2026-01'], ['alpha', '2026-05']), 'alpha');
  assert.equal(newest(['alpha', '2026-01'], ['zeta', '2026-01']), 'zeta');
  assert.equal(newest(['b-v1', '2026-01'], ['a-v1', '2026-02']), 'a-v1');
  assert.equal(newest(), undefined);
});

test('newest: of a bucket, among what holds a model', async (context) => {
  const { gcs, models } = await given(context);
  for (const version of [2, 10, 9]) putModel(gcs, `t5/t5-v${version}`);
  gcs.put('models', 't5/README-v99.md', 'no model');
  gcs.put('models', 't5/logs-v98/train.log', 'no model');
  gcs.page = 3;
  assert.equal(await models.newest('gs://models/t5', signal), 'gs://models/t5/t5-v10/');
  gcs.put('models', 't5/t5-v11.safetensors', safetensors());
  assert.equal(await models.newest('gs://models/t5/', signal), 'gs://models/t5/t5-v11.safetensors');
  assert.equal(await models.newest('gs://models/none/', signal), undefined);
});

test('newest: a prefix that is a model itself is that model', async (context) => {
  const { gcs, models } = await given(context);
  putModel(gcs, 't5');
  assert.equal(await models.newest('gs://models/t5', signal), 'gs://models/t5/');
});

test('newest: of a folder, by the time of change where names say nothing; the folder may have a blank in its name', async (context) => {
  const { base, models, write } = await given(context);
  for (const [name, day] of [
    ['old one', 1],
    ['new one', 2],
  ] as const) {
    await write(`my models/${name}/config.json`, '{}');
    await utimes(join(base, `my models/${name}/config.json`), day, day);
  }
  const newest = await models.newest('my models', signal);
  assert.equal(newest, `${pathToFileURL(join(base, 'my models', 'new one')).href}/`);
  const { files } = await models.fetch(newest as string, join(base, 'to'), signal);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['config.json'],
  );
});

test('fetch: a folder of a bucket comes as it is, with digest, generations and the place of each file', async (context) => {
  const { base, gcs, models } = await given(context);
  putModel(gcs, 't5-v1');
  gcs.put('models', 't5-v1/pytorch_model.bin', PICKLE);
  gcs.put('models', 't5-v10/config.json', 'of another model');
  const fetched = await models.fetch('gs://models/t5-v1', join(base, 'to'), signal);
  assert.deepEqual((await readdir(join(base, 'to'))).sort(), ['config.json', 'model.safetensors']);
  assert.equal(fetched.sha256, (await digestPath(join(base, 'to'))).sha256);
  assert.deepEqual(fetched.files[0], {
    path: 'config.json',
    uri: 'gs://models/t5-v1/config.json',
    sha256: sha256('{"d_model":64}'),
    bytes: 14,
  });
  const again = await models.fetch('gs://models/t5-v1/', join(base, 'again'), signal);
  assert.equal(again.generation, fetched.generation);
  putModel(gcs, 't5-v1');
  const later = await models.fetch('gs://models/t5-v1', join(base, 'later'), signal);
  assert.deepEqual([later.sha256 === fetched.sha256, later.generation === fetched.generation], [true, false]);
});

test('fetch: one file is a model too; a folder of this machine as well', async (context) => {
  const { base, gcs, models, write } = await given(context);
  const { generation } = gcs.put('models', 'm.safetensors', safetensors());
  const one = await models.fetch('gs://models/m.safetensors', join(base, 'one'), signal);
  assert.deepEqual([one.files.map(({ path }) => path), one.generation], [['m.safetensors'], String(generation)]);
  await write('t5/config.json', '{}');
  await write('t5/sub/model.safetensors', safetensors());
  const folder = await models.fetch('t5', join(base, 'two'), signal);
  assert.deepEqual(
    folder.files.map(({ path }) => path),
    ['config.json', 'sub/model.safetensors'],
  );
});

test('fetch: what is in the cache by digest is not downloaded again, and is digested again', async (context) => {
  const { base, gcs, models, lines } = await given(context);
  const weights = safetensors();
  gcs.put('models', 't5/model.safetensors', weights, { metadata: { metadata: { sha256: sha256(weights) } } });
  gcs.put('models', 't5/config.json', '{}');
  await models.fetch('gs://models/t5', join(base, 'a'), signal);
  assert.equal(downloads(gcs), 2);
  await models.fetch('gs://models/t5', join(base, 'b'), signal);
  assert.equal(downloads(gcs), 2);
  assert.ok((await readFile(join(base, 'b', 'model.safetensors'))).equals(weights));

  const all = await readdir(join(base, 'cache', 'models'), { recursive: true, withFileTypes: true });
  const kept = all.filter((entry) => entry.isFile() && !entry.parentPath.endsWith('names'));
  assert.equal(kept.length, 2);
  for (const { parentPath, name } of kept) await writeFile(join(parentPath, name), 'poison');
  await models.fetch('gs://models/t5', join(base, 'c'), signal);
  assert.equal(downloads(gcs), 4);
  assert.ok((await readFile(join(base, 'c', 'model.safetensors'))).equals(weights));
  assert.equal(lines.filter((line) => line.includes('thrown away')).length, 2);
});

test('fetch: an object whose own metadata lie about its digest is refused', async (context) => {
  const { base, gcs, models } = await given(context);
  gcs.put('models', 't5/model.safetensors', safetensors(), { metadata: { metadata: { sha256: sha256('something else') } } });
  await assert.rejects(models.fetch('gs://models/t5', join(base, 'to'), signal), { code: 'digest-mismatch' });
});

test('fetch: a base whose vocabulary is spiece.model alone comes whole, from a bucket as from a folder', async (context) => {
  const { base, gcs, models, write } = await given(context);
  const files = {
    'config.json': '{"d_model":64}',
    'model.safetensors': safetensors(),
    'spiece.model': SENTENCEPIECE,
    'pytorch_model.bin': PICKLE,
  };
  for (const [name, content] of Object.entries(files)) {
    gcs.put('models', `t5/${name}`, content);
    await write(`t5/${name}`, content);
  }
  const digests = [];
  for (const [uri, to] of [
    ['gs://models/t5', 'a'],
    ['t5', 'b'],
  ] as const) {
    digests.push((await models.fetch(uri, join(base, to), signal)).sha256);
    assert.deepEqual((await readdir(join(base, to))).sort(), ['config.json', 'model.safetensors', 'spiece.model']);
  }
  assert.equal(digests[0], digests[1]);
});

test('fetch: weights in several files must all be there, and their index be one', async (context) => {
  const { base, gcs, models, write } = await given(context);
  const index = { weight_map: { a: 'model-1-of-2.safetensors', b: 'model-2-of-2.safetensors', c: 'model-1-of-2.safetensors' } };
  gcs.put('models', 't5/model.safetensors.index.json', JSON.stringify(index));
  gcs.put('models', 't5/model-1-of-2.safetensors', safetensors());
  await assert.rejects(models.fetch('gs://models/t5', join(base, 'a'), signal), {
    code: 'damaged-model',
    message: /names model-2-of-2\.safetensors: 1 of its 2 files are not there/,
  });
  for (const bytes of [0, 64 * 1024 * 1024 + 1]) {
    await write('own/model.safetensors.index.json', Buffer.alloc(bytes, '{'));
    await assert.rejects(models.fetch('own', join(base, `to-${bytes}`), signal), {
      code: 'damaged-model',
      message: new RegExp(`index\\.json has ${bytes} bytes`),
    });
  }
  gcs.put('models', 't5/model-2-of-2.safetensors', safetensors());
  assert.equal((await models.fetch('gs://models/t5', join(base, 'b'), signal)).files.length, 3);
});

test('fetch: nothing there, and nothing useful there, are told apart; a pickle under a good name ends it', async (context) => {
  const { base, gcs, models } = await given(context);
  await assert.rejects(models.fetch('gs://models/none', join(base, 'to'), signal), { code: 'no-such-model', message: /No model lies at/ });
  gcs.put('models', 'notes/README.md', 'x');
  await assert.rejects(models.fetch('gs://models/notes', join(base, 'to'), signal), {
    code: 'no-such-model',
    message: /no file of a model: README\.md/,
  });
  gcs.put('models', 'evil/model.safetensors', PICKLE);
  await assert.rejects(models.fetch('gs://models/evil', join(base, 'to'), signal), {
    code: 'unsafe-model',
    message: /model\.safetensors is not taken: it is a pickle/,
  });
});

test('fetch: a list of pieces names files of the model only; a link leads nowhere out of the project; deep nesting exhausts nothing', async (context) => {
  const { base, models, write } = await given(context);
  const piece = 'model-00001-of-00001.safetensors';
  const index = (name: string) => JSON.stringify({ weight_map: { shared: name } });
  await write('own/config.json', '{}');
  await write(`own/${piece}`, safetensors());
  await write('own/model.safetensors.index.json', index(piece));
  const fetch = (folder: string) => models.fetch(folder, join(base, 'to', folder), signal);
  assert.equal((await fetch('own')).files.length, 3);
  await write('own/model.safetensors.index.json', index(`../../${piece}`));
  await assert.rejects(fetch('own'), { code: 'damaged-model', message: /names \.\.\/\.\.\/model-0.*: 1 of its 1 files are not there/ });
  await write('own/model.safetensors.index.json', index(piece));

  await write('own/config.json', `${'{"a":'.repeat(20_000)}{"auto_map":{}}${'}'.repeat(20_000)}`);
  await assert.rejects(fetch('own'), { code: 'unsafe-model', message: /auto_map/ });
  await write('own/config.json', '{}');

  await symlink(join(base, 'own', 'config.json'), join(base, 'own', 'vocab.json'));
  assert.equal((await fetch('own')).files.length, 4, 'a link within the project is a file like others');
  const outside = await scratchFolder(context);
  await writeFile(join(outside, 'secret.txt'), 'root:x:0:0');
  await symlink(join(outside, 'secret.txt'), join(base, 'own', 'vocab.txt'));
  await assert.rejects(fetch('own'), { code: 'unsafe-model', message: /vocab\.txt is a link that leads out of the project/ });

  // As the Hub's cache lies outside of any project and is made of links.
  await mkdir(join(outside, 'snapshot'));
  for (const name of ['config.json', piece]) await symlink(join(base, 'own', name), join(outside, 'snapshot', name));
  assert.equal((await models.fetch(join(outside, 'snapshot'), join(base, 'to', 'outside'), signal)).files.length, 2);
});

test('fetch: names that no disk takes are refused before anything is fetched', async (context) => {
  for (const name of ['vocab.txt/x.json', `${'x'.repeat(256)}.json`, '\u202evocab.txt', '../x.json', 'a\nb.json']) {
    const { gcs, models, base } = await given(context);
    putModel(gcs, 't5');
    gcs.put('models', 't5/vocab.txt', 'text');
    gcs.put('models', `t5/${name}`, '{}');
    await assert.rejects(
      models.fetch('gs://models/t5', join(base, 'to'), signal),
      { code: 'bad-name', fault: 'user' },
      JSON.stringify(name),
    );
    assert.equal(downloads(gcs), 0);
  }
});
