import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readArguments } from '../../src/hosts/cli/arguments.ts';
import type { Door } from '../../src/hosts/cli/door.ts';
import { loadPipeline, PIPELINE_OPTIONS } from '../../src/hosts/cli/load-pipeline.ts';
import { scratchFolder } from '../contracts/scratch.ts';
import { ownPipeline } from '../e2e/own-trainer.ts';

test('a pipeline file is the same however its path is written; a blank one is asked for', async (context) => {
  const cwd = await scratchFolder(context);
  await mkdir(join(cwd, 'pipelines'));
  await writeFile(join(cwd, 'pipelines', 'churn.yaml'), ownPipeline());
  const load = (path: string) => loadPipeline(path, undefined, readArguments([], PIPELINE_OPTIONS, 0), { cwd, env: {} } as unknown as Door);
  for (const path of ['pipelines/churn.yaml', './pipelines/churn.yaml', join(cwd, 'pipelines', 'churn.yaml')]) {
    const { file, base, home } = await load(path);
    assert.deepEqual([file, base, home], ['pipelines/churn.yaml', cwd, join(cwd, '.retrain')]);
  }
  for (const path of ['', ' ']) await assert.rejects(load(path), { name: 'UserError', code: 'no-file' });
});
