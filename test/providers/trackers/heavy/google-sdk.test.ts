import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fileStore } from '../../../../src/providers/stores/file.ts';
import { vertexTracker } from '../../../../src/providers/trackers/vertex.ts';
import { captureProgram } from '../../../../tools/process.ts';
import { pythonWith } from '../../../../tools/python-packages.ts';
import { scratchFolder, patience as signal } from '../../../contracts/scratch.ts';
import { metadataStandIn } from '../../../stand-ins/vertex/metadata.ts';
import { tensorboardServices } from '../../../stand-ins/vertex/tensorboard.ts';
import { clientsOf } from '../../google/vertex.ts';

const SDK = '2.7.0';
const python = await pythonWith(`google-sdk-${SDK}`, [`google-cloud-aiplatform==${SDK}`, 'pandas']);

const at = '2026-11-21T10:00:00Z';
const EVALUATION = {
  kind: 'classification',
  figures: { accuracy: 0.85 },
  confusion: {
    classes: ['no', 'yes'],
    rows: [
      [8, 1],
      [2, 9],
    ],
  },
  roc: [
    { falsePositiveRate: 0, recall: 0, threshold: 1 },
    { falsePositiveRate: 0.25, recall: 0.5, threshold: 0.9 },
  ],
} as const;

interface Read {
  readonly columns: readonly string[];
  readonly listed: readonly string[];
  readonly runs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

test('Google’s own Python SDK reads from the stand-in what the tracker wrote there: data frame, runs, artifacts, executions, time series, classification', async (context) => {
  if ('missing' in python) {
    assert.ok(!process.env.CI, python.missing);
    context.diagnostic(`NOT PROVEN HERE: ${python.missing}`);
    return console.error(`NOT PROVEN: Vertex AI Experiments were not read with Google's SDK: ${python.missing}`);
  }
  const tensorboard = 'projects/ours-1/locations/europe-west4/tensorboards/77';
  const server = await metadataStandIn(context, {
    ...tensorboardServices([tensorboard]).services,
    JobService: { GetCustomJob: ({ name }: { name: string }) => ({ name }) },
  });
  const folder = await scratchFolder(context);
  const files = { store: fileStore(), folder: pathToFileURL(folder).href };
  const tracker = vertexTracker({ clients: clientsOf(context, server), files, tensorboard, pauseMs: 1 });
  const csv = join(folder, 'x.csv');
  await writeFile(csv, 'a,b\n');
  const ids: string[] = [];
  for (const key of ['k1', 'k2', 'k3']) {
    const id = await tracker.start({ experiment: 'text_to_sql', name: 'text_to_sql_2026-11-21', key }, signal);
    ids.push(id);
    const metrics = { exact_match: 0.84, f1_score: 0.9, syntax_overall: 0.99 };
    await tracker.params(id, { 'train.epochs': 3, algorithm: 't5', merged: true }, signal);
    await tracker.metrics(
      id,
      Object.entries(metrics).map(([name, value]) => ({ name, value, at })),
      signal,
    );
    // Told in pieces, as a training tells it, and one of them twice.
    if (key !== 'k3')
      for (const steps of [[1], [1, 2]])
        await tracker.metrics(
          id,
          steps.map((step) => ({ name: 'loss', value: 1 / step, step, at })),
          signal,
        );
    const job = { name: 'projects/ours-1/locations/europe-west4/customJobs/7', link: 'https://console.example/7' };
    if (key !== 'k3') for (const _ of [1, 2]) await tracker.jobs?.(id, [job], signal);
    await tracker.evaluation?.(id, EVALUATION, signal);
    await tracker.artifact(id, 'per_bucket_complexity_eval.csv', csv, signal);
    const inputs = [{ name: 'data', kind: 'dataset' as const, uri: 'gs://data/x.csv' }];
    const outputs = [{ name: 'model', kind: 'model' as const, uri: 'gs://models/3', resource: 'projects/p/locations/l/models/sql@3' }];
    await tracker.lineage?.(id, { inputs, outputs, outcome: 'finished' }, signal);
    await tracker.finish(id, key === 'k2' ? 'failed' : 'finished', signal);
  }
  server.pageMax(2);

  const script = join(import.meta.dirname, 'read_experiment.py');
  const { code, output } = await captureProgram(python.path, [script, server.endpoint, 'text-to-sql'], {});
  assert.equal(code, 0, output);
  const read = JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? output) as Read;
  const names = ids.map((id) => id.slice('text-to-sql-'.length));
  assert.deepEqual(read.columns, [
    'experiment_name',
    'metric.exact_match',
    'metric.f1_score',
    'metric.loss',
    'metric.syntax_overall',
    'param.algorithm',
    'param.merged',
    'param.train.epochs',
    'run_name',
    'run_type',
    'state',
    'time_series_metric.loss',
  ]);
  assert.deepEqual(read.listed, [...names].sort());
  for (const [place, name] of names.entries()) {
    assert.deepEqual(read.runs[name], {
      state: place === 1 ? 'FAILED' : 'COMPLETE',
      params: { 'train.epochs': 3, algorithm: 't5', merged: 'true' },
      metrics: { exact_match: 0.84, f1_score: 0.9, syntax_overall: 0.99, ...(place < 2 && { loss: 0.5 }) },
      artifacts: [
        ...(place < 2
          ? [
              [
                name,
                'google.VertexTensorboardRun',
                `https://europe-west4-aiplatform.googleapis.com/v1/${tensorboard}/experiments/text-to-sql/runs/${name}`,
              ],
            ]
          : []),
        ['data', 'system.Dataset', 'gs://data/x.csv'],
        ['evaluation', 'google.ClassificationMetrics', ''],
        ['model', 'google.VertexModel', 'gs://models/3'],
        ['per_bucket_complexity_eval.csv', 'system.Artifact', `${files.folder}/${ids[place]}/per_bucket_complexity_eval.csv`],
      ],
      executions: [`${ids[place]}-train`],
      classification: [
        {
          display_name: 'evaluation',
          labels: ['no', 'yes'],
          matrix: [
            [8, 1],
            [2, 9],
          ],
          fpr: [0, 0.25],
          tpr: [0, 0.5],
          threshold: [1, 0.9],
        },
      ],
      jobs: place < 2 ? ['projects/ours-1/locations/europe-west4/customJobs/7'] : [],
      steps:
        place < 2
          ? [
              [1, 1],
              [2, 0.5],
            ]
          : [],
    });
  }
});
