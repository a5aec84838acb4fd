import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { tableWorkersFromBundle, tableWorkersFromSources } from '../../../src/providers/sources/table-workers.ts';
import { inThisThread } from '../../../src/tables/workers/table-task.ts';

const root = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'table-workers-'));
after(() => rmSync(folder, { recursive: true }));
const csv = join(folder, 'data.csv');
writeFileSync(csv, 'a,b\n1,x\n2,y\n2,\n');
const main = JSON.stringify(pathToFileURL(join(root, 'src/main.ts')).href);
writeFileSync(join(folder, 'index.js'), `exports.runWorker = async (role) => (await import(${main})).runWorker(role);\n`);

for (const [from, start] of [
  ['the sources', () => tableWorkersFromSources(root)],
  ['a bundle, through its entry and the role "tables"', () => tableWorkersFromBundle(folder)],
] as const) {
  test(`table workers start from ${from}, do what this thread does, and are the same for all who ask`, async () => {
    const workers = start();
    try {
      assert.equal(start(), workers);
      const task = { kind: 'profile', paths: [csv] } as const;
      assert.deepEqual(await workers.run(task), await inThisThread.run(task));
      const stopped = new AbortController();
      stopped.abort(new Error('stop'));
      await assert.rejects(workers.run(task, { signal: stopped.signal }), /stop/);
    } finally {
      await workers.close();
    }
  });
}
