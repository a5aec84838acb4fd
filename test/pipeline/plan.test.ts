import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { wired } from '../../src/kernel/inputs.ts';
import { defineStage, slot } from '../../src/kernel/stage.ts';
import { passed } from '../../src/kernel/verdict.ts';
import { type Plan, type PlanFacts, plan } from '../../src/pipeline/plan.ts';
import { resolve } from '../../src/pipeline/resolve.ts';
import { sharedKeys } from '../../src/pipeline/shared-keys.ts';

const run = async () => ({ verdict: passed, found: '' });
const registry = slot('registry');
const text = z.string().describe('Text.');
const gates = z.record(z.string(), z.union([z.string(), z.strictObject({ threshold: z.string(), judge: z.string() })])).default({});
const stage = (name: string, inputs: Record<string, z.ZodType> = {}, needs: Record<string, { kind: string }> = {}) => ({
  [name]: defineStage({ name, summary: `${name}.`, inputs, outputs: {}, needs, run }),
});
const stages = {
  ...stage('gate', { enabled: sharedKeys.enabled }),
  ...stage(
    'fetch-model',
    { base: z.enum(['champion', 'original']).default('champion').describe('Which.'), initial: text.optional() },
    { registry },
  ),
  ...stage('fetch-data', { source: text }),
  ...stage('drift', { current: wired('fetch-data.data', text), config: wired('config.train.x', text) }, { registry }),
  ...stage('train', {
    task: sharedKeys.task,
    data: wired('fetch-data.data', text),
    backend: z.string().default('local').describe('Where.'),
    image: text.optional(),
    'allow-tag': z.boolean().default(false).describe('Take it.'),
    store: sharedKeys.store,
    google: sharedKeys.google,
  }),
  ...stage('evaluate', { gates }),
  ...stage('bias-check', { slices: z.array(z.string()).default([]), gates }),
  ...stage('register', { name: sharedKeys.name }, { registry }),
  ...stage('promote', { when: z.enum(['significant', 'never']).default('significant') }, { registry }),
  ...stage('report'),
};

const churn = `version: 1
name: churn
task: classification
fetch-data: { source: data/*.csv }
evaluate: { gates: { auc_roc: ">= 0.80" } }
bias-check: { slices: [gender], gates: { disparate_impact: { threshold: ">= 0.8", judge: interval } } }
`;
const known: PlanFacts = { home: '.retrain', registry: 'file:.retrain/registry', champion: { version: 3 } };
function planned(yaml: string, facts: Partial<PlanFacts> = {}, only?: string): Plan {
  const resolution = resolve({ file: { name: 'churn.yaml', text: yaml }, stages, only });
  assert.ok(resolution.kind === 'resolved', JSON.stringify(resolution));
  return plan(resolution.resolved, stages, { ...known, ...facts });
}
const skipped = ({ stages }: Plan) =>
  Object.fromEntries(stages.filter(({ will }) => will === 'skip').map(({ name, reason }) => [name, reason?.code]));
const found = ({ stages }: Plan, name: string) => stages.find((one) => one.name === name)!;

test('with a champion and new data everything runs, and the plan says what still decides', () => {
  const all = planned(churn);
  assert.equal(all.model, 'churn');
  assert.deepEqual(
    all.stages.map(({ name }) => name),
    Object.keys(stages),
  );
  assert.deepEqual(skipped(all), {});
  assert.equal(found(all, 'fetch-data').reason?.code, 'same-key');
  assert.match(found(all, 'promote').reason?.text ?? '', /better than version 3 beyond noise/);
});

test('the first version: nothing to compare with, so the gates alone decide', () => {
  const first = planned(churn, { champion: undefined });
  assert.deepEqual(skipped(first), { 'fetch-model': 'no-champion', drift: 'no-champion' });
  assert.equal(found(first, 'promote').reason?.code, 'first-version');
});

test('a key that is known leaves nothing to do but to say so, unless forced or told to train again', () => {
  const facts = { known: { run: 'r1', outcome: 'passed', version: 3 } } as const;
  const same = planned(churn, facts);
  assert.deepEqual(
    same.stages.filter(({ will }) => will === 'run').map(({ name }) => name),
    ['gate', 'report'],
  );
  assert.match(found(same, 'train').reason?.text ?? '', /those of an earlier run \(version 3\)/);
  assert.deepEqual(skipped(planned(churn, { ...facts, force: true })), {});
  assert.deepEqual(skipped(planned(`${churn}run: { on-same-key: retrain }\n`, facts)), {});
  assert.match(found(planned(churn, { known: { run: 'r1', outcome: 'refused' } }), 'train').reason?.text ?? '', /\(refused, run r1\)/);
});

test('what is switched off by the file is skipped with its reason', () => {
  const off = planned(`${churn}enabled: false\n`);
  assert.equal(found(off, 'train').reason?.code, 'disabled');
  assert.deepEqual([found(off, 'gate').will, found(off, 'report').will], ['run', 'run']);
  assert.deepEqual(skipped(planned(churn.replace('slices: [gender], ', ''))), { 'bias-check': 'no-slices' });
  assert.deepEqual(skipped(planned(churn.replace('task: classification', 'task: api'))), { train: 'api' });
  assert.equal(found(planned(`${churn}promote: { when: never }\n`), 'promote').reason?.code, 'never');
});

test('one stage alone runs, whatever the run would do', () => {
  const alone = planned(churn, { champion: undefined, known: { run: 'r1', outcome: 'passed' } }, 'drift');
  assert.deepEqual(
    alone.stages.map(({ name, will }) => [name, will]),
    [['drift', 'run']],
  );
});

test('gates are listed as they were written', () => {
  assert.deepEqual(planned(churn).gates, [
    { stage: 'evaluate', name: 'auc_roc', threshold: '>= 0.80' },
    { stage: 'bias-check', name: 'disparate_impact', threshold: '>= 0.8', judged: 'interval' },
  ]);
});

test('what is read and written is named, and nothing is for a stage that is skipped', () => {
  const all = planned(churn);
  assert.deepEqual(found(all, 'fetch-data').reads, ['data/*.csv']);
  assert.deepEqual(found(all, 'drift').reads, ['fetch-data', 'file:.retrain/registry']);
  assert.deepEqual(found(all, 'register').writes, ['file:.retrain/registry: a new version of churn']);
  assert.deepEqual(found(all, 'report').writes, ['.retrain/runs/<run>/report.md', '.retrain/runs/<run>/report.html']);
  assert.deepEqual(found(planned(churn, { champion: undefined }), 'drift').reads, []);
  const based = (more: string, facts = {}) =>
    found(planned(`${churn}fetch-model: { initial: hf://o/n${more} }\n`, facts), 'fetch-model').reads;
  assert.deepEqual(based('', { champion: undefined }), ['hf://o/n', 'file:.retrain/registry']);
  assert.deepEqual(based(''), ['file:.retrain/registry'], 'the champion takes its place');
  assert.deepEqual(based(', base: original'), ['hf://o/n', 'file:.retrain/registry']);
});

const vertex = (train: string, google = '') => `${churn}train: { backend: vertex, ${train}}\nstore: gs://b/r\n${google}`;

test('jobs elsewhere: what each runs on and where, and that only the launch tells whether there is one left', () => {
  const google = 'google: { project: ours-1, region: europe-west4 }\n';
  const facts = { machine: 'g2-standard-8 with 1 × NVIDIA_L4' };
  assert.deepEqual(found(planned(vertex('', google), facts), 'train').reason, {
    code: 'jobs-elsewhere',
    text: 'As jobs of Vertex AI in europe-west4, each on g2-standard-8 with 1 × NVIDIA_L4; whether the region has one left for you, only the launch tells.',
  });
  assert.match(found(planned(vertex(''), { ...facts, region: 'us-east1' }), 'train').reason!.text, /in us-east1, each/);
  assert.equal(found(planned(churn), 'train').reason, undefined);
  assert.equal(
    found(planned(churn, { machine: '2 cores, 25 GB, linux x64' }), 'train').reason,
    undefined,
    'a local backend names its machine too',
  );
});

test('an image that may be another tomorrow is warned about: one of Google’s, or a tag; a digest is not, and nothing is elsewhere', () => {
  const digest = `image: "europe-docker.pkg.dev/o/t/own@sha256:${'a'.repeat(64)}", `;
  const codes = (text: string) => planned(text).warnings.map(({ code, text }) => `${code}: ${text}`);
  assert.deepEqual(codes(vertex('')), [
    "moving-image: train runs in one of Google's images, which may change: train.image by digest (NAME@sha256:…) does not.",
  ]);
  assert.match(codes(vertex('image: "o/own:latest", allow-tag: true, '))[0]!, /^moving-image: train runs in o\/own:latest,/);
  assert.deepEqual(codes(vertex(digest)), []);
  assert.deepEqual(codes(churn), []);
});

test('a region nobody knows is warned about, with the nearest name; it is no refusal', () => {
  const codes = (region: string) => planned(vertex('', `google: { region: ${region} }\n`)).warnings.slice(1);
  assert.deepEqual(codes('europe-wset4'), [
    { code: 'unknown-region', text: 'europe-wset4 is no region of Vertex AI that Retrain knows. Did you mean europe-west4?' },
  ]);
  assert.deepEqual(codes('us-central1'), []);
  assert.equal(planned(vertex(''), { region: 'mars-north1' }).warnings[1]?.code, 'unknown-region');
  assert.equal(planned(churn, { region: 'mars-north1' }).warnings.length, 0);
});

test('attempts that cannot fit a hosted job are warned about, if the user chose them', () => {
  const limits = `${churn}run: { retries: 2, timeout: 2h }\n`;
  assert.deepEqual(planned(limits, { hosted: true }).warnings, [
    {
      code: 'attempts-beyond-wall',
      text: '3 attempts of 2h with pauses of 5m take up to 6h10m; a job on a hosted runner ends after 6h.',
    },
  ]);
  assert.deepEqual(planned(`${churn}run: { retries: 1, timeout: 2h }\n`, { hosted: true }).warnings, []);
  assert.deepEqual(planned(limits).warnings, []);
  assert.deepEqual(planned(churn, { hosted: true }).warnings, []);
});
