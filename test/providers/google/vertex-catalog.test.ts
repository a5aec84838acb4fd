import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { providers, type Settings } from '../../../src/catalog.ts';
import type { Registry } from '../../../src/providers/registries/registry.ts';
import type { Tracker } from '../../../src/providers/trackers/tracker.ts';
import { draftOf } from '../../contracts/registry.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { metadataServices } from '../../stand-ins/vertex/metadata.ts';
import { modelServices } from '../../stand-ins/vertex/models.ts';
import { operations } from '../../stand-ins/vertex/operations.ts';
import { vertexStandIn } from '../../stand-ins/vertex/server.ts';

test('vertex: the words `vertex` of a pipeline file open registry and tracker in the project and region it names', async (context) => {
  const lro = operations();
  const [models, metadata] = [modelServices(lro), metadataServices(lro)];
  const server = await vertexStandIn(context, { ...models.services, ...metadata.services });
  const home = await scratchFolder(context);
  const settings: Settings = {
    home,
    cache: join(home, 'cache'),
    base: home,
    root: home,
    model: 'churn',
    shared: {
      registry: 'vertex',
      tracker: ['vertex'],
      store: `${pathToFileURL(home).href}/store/`,
      google: { project: 'ours-1', region: 'europe-west4' },
    },
    inputs: {},
    env: { RETRAIN_VERTEX_ENDPOINT: server.endpoint },
    log: () => {},
  };
  const registry = (await providers.registry!(settings)) as Registry;
  assert.match(registry.uri, /^vertex:file:.*\/store\/registry$/);
  await registry.probe(signal);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  assert.equal(models.versionsOf('churn')[0]?.name, 'projects/ours-1/locations/europe-west4/models/churn');

  const [tracker] = (await providers.trackers!(settings)) as readonly Tracker[];
  const id = await tracker!.start({ experiment: 'churn', name: '2026-11-21', key: 'k' }, signal);
  assert.equal(metadata.context(id)?.metadata._state, 'RUNNING');

  const nowhere = { ...settings, shared: { registry: 'vertex', store: 'gs://models' }, env: {} };
  await assert.rejects(providers.registry!(nowhere), { code: 'google-project-missing', fault: 'user' });
});
