import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { openTrackers } from '../../../src/providers/trackers/open-trackers.ts';
import { logRun } from '../../../src/stages/report/log-run.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { promoted } from '../../report/fixtures.ts';
import { metadataStandIn } from '../../stand-ins/vertex/metadata.ts';
import { clientsOf } from '../google/vertex.ts';

test('trackers: several take the same run; when Vertex AI is down the others have it, and the run is not lost', async (context) => {
  const home = await scratchFolder(context);
  const server = await metadataStandIn(context);
  const clients = clientsOf(context, server, { timeoutMs: 2_000 });
  const place = {
    home,
    keptIn: pathToFileURL(home).href,
    log: () => {},
    store: async () => fileStore(),
    vertex: async () => clients,
    mlflow: () => Promise.reject(new Error('asked')),
  };
  const trackers = await openTrackers(['file', 'vertex'], place);
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    progress: () => undefined,
    warn: (code: string, text: string) => void warnings.push(`${code}: ${text}`),
  };
  const report = join(home, 'report.html');
  await writeFile(report, '<p>report</p>');
  assert.equal((await logRun(promoted, trackers, { 'report.html': report }, log, signal)).length, 2);
  const runs = server.calls.flatMap(({ method, request }) =>
    method === 'CreateContext' ? [(request as { contextId: string }).contextId] : [],
  );
  assert.equal(runs.length, 2);
  const { metadata } = server.context(runs[1] as string)!;
  assert.equal(metadata._state, 'COMPLETE');
  assert.ok('auc_roc' in (metadata._metrics as object), JSON.stringify(metadata._metrics));

  await server.stop();
  assert.equal((await logRun({ ...promoted, id: 'another' }, trackers, { 'report.html': report }, log, signal)).length, 1);
  assert.match(warnings.join(), /^tracker-failed: vertex: Could not look for the metadata store: (?:UNAVAILABLE|DEADLINE_EXCEEDED)/);
});

test('trackers: a name nobody knows is refused before anything is asked', async () => {
  const asked = () => Promise.reject(new Error('asked'));
  const place = { home: '/nowhere', log: () => {}, store: async () => fileStore(), vertex: asked, mlflow: asked };
  await assert.rejects(openTrackers(['vertx'], place), {
    code: 'unknown-tracker',
    fault: 'user',
    message: /file, file:FOLDER, vertex, mlflow or mlflow:ADDRESS/,
  });
});
