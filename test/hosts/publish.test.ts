import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishRun } from '../../src/hosts/action/publish.ts';
import type { Runner } from '../../src/hosts/action/runner.ts';
import { manifestSchema, type StageRecord } from '../../src/kernel/record.ts';

async function outputsOf(stage: string, outputs: StageRecord['outputs']): Promise<Readonly<Record<string, string>>> {
  const given: Record<string, string> = {};
  const output = (name: string, value: string) => {
    given[name] = value;
  };
  const runner = new Proxy({}, { get: (_, name) => (name === 'output' ? output : () => undefined) }) as Runner;
  const started = '2026-11-21T12:00:00.000Z';
  const record = {
    schema: 'retrain/record/1',
    run: 'r',
    stage,
    attempt: 1,
    outcome: 'completed',
    verdict: { kind: 'passed' },
    started,
    seconds: 1,
  };
  const manifest = manifestSchema.parse({
    schema: 'retrain/manifest/1',
    id: 'r',
    model: 'm',
    logicalDate: '2026-11-21',
    seed: '0',
    started,
    retrain: '1.0.0',
    outcome: 'running',
    records: [{ ...record, inputs: {}, outputs }],
  });
  assert.equal(await publishRun(runner, stage, { home: '/kept', pipeline: 'p.yaml', warnings: [] }, manifest), 0);
  return given;
}

const file = (uri: string, stored?: string) => ({
  uri,
  sha256: 'a'.repeat(64),
  bytes: 1,
  ...(stored !== undefined && { stored: { uri: stored, files: [] } }),
});

test('outputs: a path for this job, and beside it the address for others, where a store keeps the file', async () => {
  const found = await outputsOf('train', {
    model: file('files/train/model', 'gs://b/r/train/model/'),
    trainer: file('files/train/trainer.json'),
  });
  assert.equal(found.model, '/kept/runs/r/files/train/model');
  assert.equal(found['model-uri'], 'gs://b/r/train/model/');
  assert.equal('trainer-uri' in found, false);
});

test('outputs: what a stage itself says stays', async () => {
  const found = await outputsOf('fetch-model', { base: file('files/fetch-model/base', 'gs://copy/'), 'base-uri': 'hf://acme/t5' });
  assert.equal(found['base-uri'], 'hf://acme/t5');
});
