import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonText } from '../../src/hosts/cli/json-text.ts';
import { readAliasesFile, readVersionFile, writeVersionFile } from '../../src/providers/registries/registry-files.ts';
import { Project } from '../e2e/support.ts';

const version = (metadata: Record<string, unknown>) => ({
  model: 'm',
  version: 1,
  created: '2026-11-21T10:00:00.000Z',
  digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  files: [],
  metadata,
});

test('S25: a registry file nested so deeply that nobody could write it again is damaged, not a fault of ours', () => {
  const deep = `{"schema":"retrain/aliases/1","generation":0,"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  assert.throws(() => readAliasesFile(Buffer.from(deep), 'aliases.json'), { code: 'registry-corrupted', message: /more than 100 levels/ });
  const brackets = writeVersionFile(version({ note: `"${'['.repeat(1_000)}\\` }));
  assert.equal(readVersionFile(Buffer.from(brackets), 'metadata.json', 'm', 1).metadata.note, `"${'['.repeat(1_000)}\\`);
});

test('S5: JSON in a terminal shows what would turn its text, and is the same JSON', () => {
  const value = { a: '\u202eevil\u200b\x9b31m\x1b[2J', b: 'é 😀' };
  assert.doesNotMatch(jsonText(value), /[\x1b\x9b\u202e\u200b]/);
  assert.deepEqual(JSON.parse(jsonText(value)), value);
  assert.match(jsonText(value), /é 😀/);
});

test('compare: metadata that somebody else wrote are shown where they are figures', async () => {
  await using project = await Project.make();
  for (const number of [1, 2]) {
    const metadata = { algorithm: '\u202ex', performance: { test: { exact_match: number === 1 ? 'x' : 0.5 } } };
    await project.write(
      `.retrain/registry/m/versions/${number}/metadata.json`,
      writeVersionFile({ ...version(metadata), version: number }),
    );
  }
  const compared = await project.retrain(['compare', 'm', '1', '2']);
  assert.equal(compared.code, 0, compared.err);
  assert.match(compared.out, /test exact_match +0\.5000/);
  const shown = await project.retrain(['registry', 'show', 'm', '1']);
  assert.equal(shown.code, 0, shown.err);
  assert.doesNotMatch(shown.out + compared.out, /\u202e/);
});
