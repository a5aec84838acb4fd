import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import type { Context } from '../../src/kernel/stage.ts';
import { openData } from '../../src/providers/sources/data.ts';
import type { Data } from '../../src/providers/sources/source.ts';
import { drift } from '../../src/stages/drift/stage.ts';
import { Random } from '../../src/statistics/random.ts';
import type { DriftReport } from '../../src/tables/drift/compare-profiles.ts';
import { profileToJson } from '../../src/tables/profile/profile-json.ts';

const folder = mkdtempSync(join(tmpdir(), 'drift-'));
after(() => rmSync(folder, { recursive: true }));
const signal = new AbortController().signal;
const asked: string[] = [];
const files = openData({ base: folder, cache: folder });
const data: Data = {
  ...files,
  profile: (...given) => {
    asked.push('profile');
    return files.profile(...given);
  },
  count: (...given) => {
    asked.push('count');
    return files.count(...given);
  },
};

const random = Random.of(5, 6, 77);
const rows = (shift: number, rest: string) =>
  Array.from({ length: 400 }, () => `${random.below(50) + shift},${random.float()},${'abc'[random.below(3)]},${rest}`).join('\n');
writeFileSync(join(folder, 'before.csv'), `age,score,plan,odd\n${rows(0, 'text')}`);
writeFileSync(join(folder, 'now.csv'), `age,score,plan,odd,fresh\n${rows(40, '7,8')}`);
writeFileSync(join(folder, 'profile.json'), profileToJson(await files.profile('before.csv', {}, { signal })));
writeFileSync(join(folder, 'now.json'), profileToJson(await files.profile('now.csv', {}, { signal })));

const context: Context = {
  signal,
  log: { info: () => {}, warn: () => {}, progress: () => {} },
  now: new Date(0),
  run: { id: 'r', model: 'm', logicalDate: '2026-11-21', seed: '0'.repeat(16) },
  files: {
    path: (name) => join(folder, name),
    adopt: (name) => ({ file: name }),
    async write(name, content) {
      writeFileSync(join(folder, name), String(content));
      return { file: name };
    },
  },
};

async function report(inputs: Record<string, unknown>): Promise<DriftReport> {
  asked.length = 0;
  const parsed = z.strictObject(drift.inputs).parse({ read: {}, current: 'now.csv', ...inputs });
  await drift.run(parsed, { data }, context);
  return JSON.parse(readFileSync(join(folder, 'drift.json'), 'utf8')) as DriftReport;
}

test('drift: new data are only counted on the edges of a stored profile, and judged as their own profile is', async () => {
  const stored = join(folder, 'profile.json');
  const quick = await report({ reference: stored });
  assert.deepEqual(asked, ['count']);
  const full = await report({ reference: stored, profile: join(folder, 'now.json') });
  assert.deepEqual(asked, []);
  assert.deepEqual(quick, full);
  assert.deepEqual(
    quick.columns.map(({ verdict }) => verdict),
    ['drifted', 'stable', 'stable', 'error'],
  );
  assert.match(quick.columns[3]?.note ?? '', /from text to integer/);
  assert.deepEqual(quick.newColumns, ['fresh']);
});

test('drift: a reference that is data is described once, the new data counted on it; Evidently picks its test by both profiles', async () => {
  assert.equal((await report({ reference: 'before.csv' })).driftedColumns, 1);
  assert.deepEqual(asked, ['profile', 'count']);
  await report({ reference: 'before.csv', method: 'evidently' });
  assert.deepEqual(asked, ['profile', 'profile']);
});
