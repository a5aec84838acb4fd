import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { sha256 } from '../../src/kernel/digest.ts';
import { openStageFiles } from '../../src/kernel/stage-files.ts';
import type { Backend } from '../../src/providers/backends/backend.ts';
import { fileRegistry } from '../../src/providers/registries/file.ts';
import { openData } from '../../src/providers/sources/data.ts';
import { openStore } from '../../src/providers/stores/open-store.ts';
import { gate } from '../../src/stages/gate/stage.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';
import { gcsStandIn } from '../stand-ins/gcs.ts';

const backend = { environment: async () => ({ digest: 'd', lock: '' }) } as unknown as Backend;
const log = () => undefined;

async function bench(context: TestContext) {
  const [folder, gcs] = [await scratchFolder(context), await gcsStandIn(context, 'bucket')];
  await writeFile(join(folder, 'a.csv'), 'x\n1\n');
  const warnings: string[] = [];
  const registry = fileRegistry({ root: join(folder, 'registry'), log });
  const data = openData({ base: folder, cache: join(folder, 'cache') });
  return {
    folder,
    gcs,
    warnings,
    registry,
    async gate(given: Readonly<Record<string, unknown>>) {
      const inputs = z.strictObject(gate.inputs).parse({ name: 'sql', source: 'a.csv', trainer: 'tabular', ...given });
      const files = await openStageFiles(join(folder, 'files'));
      const store = openStore({ base: folder, env: { STORAGE_EMULATOR_HOST: gcs.endpoint }, log });
      const say = { info: log, progress: log, warn: (code: string) => void warnings.push(code) };
      const run = { id: 'r1', model: 'sql', logicalDate: '2026-11-21', seed: '0'.repeat(16) };
      return gate.run(inputs, { registry, data, backend, store, trackers: [] }, { files, signal, log: say, now: new Date(0), run });
    },
  };
}

test('gate: the store is tried before anything is spent, and left as it was', async (context) => {
  const { gate, gcs } = await bench(context);
  assert.equal((await gate({ store: 'gs://bucket/sql/' })).verdict.kind, 'passed');
  assert.ok(gcs.requests.some((line) => line.startsWith('PUT')));
  assert.equal(gcs.buckets.get('bucket')?.size, 0);

  const before = gcs.requests.length;
  assert.equal((await gate({ store: 'gs://bucket/sql/', probe: 'read' })).verdict.kind, 'passed');
  assert.equal(gcs.requests.length, before);
});

test('gate: a store that cannot be written ends the run, naming the permission; one that cannot be emptied is a warning', async (context) => {
  const { gate, gcs, warnings } = await bench(context);
  gcs.denied.add('storage.objects.create');
  await assert.rejects(gate({ store: 'gs://bucket/sql' }), { code: 'not-permitted', message: /storage\.objects\.create on bucket bucket/ });
  await assert.rejects(gate({ store: 'gs://elsewhere/sql' }), { code: 'no-such-bucket' });
  gcs.denied.clear();
  gcs.denied.add('storage.objects.delete');
  assert.equal((await gate({ store: 'gs://bucket/sql' })).verdict.kind, 'passed');
  assert.deepEqual(warnings, ['store-not-emptied']);
});

test('gate: an unchanged source ends the run, unless training starts from a model made elsewhere, which may be new', async (context) => {
  const { gate, registry } = await bench(context);
  const first = await gate({});
  const { fingerprint } = first.outputs as { fingerprint: string };
  const source = { fingerprint, configuration: sha256('\0d'), key: 'k' };
  const outcomes = { k: { run: 'r0', at: '2026-11-20T00:00:00Z', outcome: 'passed', version: 1 } } as const;
  await registry.updateState('sql', (state) => ({ ...state, source, outcomes }), signal);
  assert.equal((await gate({})).verdict.kind, 'skipped');
  for (const base of ['latest', 'original']) assert.equal((await gate({ base })).verdict.kind, 'passed', base);
});
