import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Context } from '../../src/kernel/stage.ts';
import { fileRegistry } from '../../src/providers/registries/file.ts';
import type { Registry } from '../../src/providers/registries/registry.ts';
import { register } from '../../src/stages/register/stage.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';

test('register: tells what the service behind the registry calls the version, and what to know of it; else its URI', async (context) => {
  const folder = await scratchFolder(context);
  await mkdir(join(folder, 'model'));
  await writeFile(join(folder, 'model', 'weights.bin'), 'weights');
  await writeFile(join(folder, 'trainer.json'), '{}');
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    progress: () => undefined,
    warn: (code: string, text: string) => void warnings.push(`${code}: ${text}`),
  };
  const place = {
    signal,
    log,
    now: new Date('2026-11-21T10:00:00Z'),
    run: { id: 'r1', model: 'churn', logicalDate: '2026-11-21', seed: '0' },
  } as unknown as Context;
  const inputs = {
    name: 'churn',
    task: 'classification',
    tags: {},
    model: join(folder, 'model'),
    trainer: join(folder, 'trainer.json'),
    read: {},
    configuration: '',
  };
  const plain = fileRegistry({ root: join(folder, 'registry') });
  const outputs = async (registry: Registry) => (await register.run(inputs as never, { registry }, place)).outputs;

  const uri = `${plain.uri}/churn/versions/1`;
  assert.deepEqual(await outputs(plain).then((found) => [found?.uri, found?.['registered-model']]), [uri, uri]);
  assert.deepEqual(warnings, []);

  const name = 'projects/p/locations/r/models/churn@1';
  const shown: Registry = { ...plain, entry: async () => ({ name, remark: 'It is `default` without being promoted.' }) };
  assert.equal((await outputs(shown))?.['registered-model'], name);
  assert.deepEqual(warnings, ['registry-remark: It is `default` without being promoted.']);
});
