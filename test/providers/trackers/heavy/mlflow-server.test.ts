import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mlflowClient, openMlflow } from '../../../../src/providers/mlflow/mlflow-client.ts';
import { mlflowPlace } from '../../../../src/providers/mlflow/mlflow-place.ts';
import { mlflowTracker } from '../../../../src/providers/trackers/mlflow.ts';
import { captureProgram } from '../../../../tools/process.ts';
import { scratchFolder, patience as signal } from '../../../contracts/scratch.ts';
import { trackerContract } from '../../../contracts/tracker.ts';
import { mlflowServer } from '../../../stand-ins/mlflow-server.ts';
import { seenOnMlflow } from '../mlflow-seen.ts';

const folder = await mkdtemp(join(tmpdir(), 'retrain-mlflow-'));
const server = await mlflowServer(folder);
after(async () => {
  if (!('missing' in server)) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

if ('missing' in server) {
  test('the tracker mlflow on a real MLflow server', (context) => {
    assert.ok(!process.env.CI, server.missing);
    context.diagnostic(`NOT PROVEN HERE: ${server.missing}`);
    console.error(`NOT PROVEN: the tracker mlflow was not run on a real MLflow server: ${server.missing}`);
  });
} else {
  const { url, env, python } = server;
  const authorization = mlflowPlace(url, env).authorization as string;
  let experiments = 0;

  const emptyTracker = (said: string[] = []) => {
    // One server for all: experiments of a test's own keep the runs of tests apart.
    const own = `${++experiments} `;
    const client = openMlflow(undefined, env);
    const again = () => {
      const tracker = mlflowTracker({ client, settleMs: 500, log: (line) => said.push(line) });
      return {
        ...tracker,
        start: (run: Parameters<typeof tracker.start>[0], within: AbortSignal) =>
          tracker.start({ ...run, experiment: own + run.experiment }, within),
      };
    };
    return { again, own, client };
  };

  async function filesOf(id: string): Promise<Record<string, string>> {
    const ask = (path: string) => fetch(`${url}${path}`, { headers: { authorization } });
    const found: Record<string, string> = {};
    const { run } = (await (await ask(`/api/2.0/mlflow/runs/get?run_id=${id}`)).json()) as { run: { info: { artifact_uri: string } } };
    const root = run.info.artifact_uri.replace('mlflow-artifacts:/', '');
    const read = async (below: string): Promise<void> => {
      const query = new URLSearchParams({ run_id: id, ...(below && { path: below }) });
      const { files = [] } = (await (await ask(`/api/2.0/mlflow/artifacts/list?${query}`)).json()) as {
        files?: { path: string; is_dir: boolean }[];
      };
      for (const { path, is_dir: isFolder } of files) {
        if (isFolder) await read(path);
        else found[path] = await (await ask(`/api/2.0/mlflow-artifacts/artifacts/${root}/${path}`)).text();
      }
    };
    await read('');
    return found;
  }

  trackerContract('mlflow (real server)', async () => {
    const { again } = emptyTracker();
    return { tracker: again(), again, see: async (id) => seenOnMlflow(url, id, await filesOf(id), authorization) };
  });

  test('what the tracker wrote, MLflow’s own Python client reads: parameters, history, artifacts, tags, inputs, status', async (context) => {
    const { again, own } = emptyTracker();
    const tracker = again();
    const at = '2026-11-21T10:00:00.000Z';
    const file = join(await scratchFolder(context), 'x');
    await writeFile(file, '# Größe');
    const id = await tracker.start({ experiment: 'churn', name: 'churn_2026-11-21', key: 'k' }, signal);
    const odd = 'a?b\n';
    await tracker.params(id, { depth: 6, balanced: true, empty: '', [odd]: 1, long: 'x'.repeat(9_000) }, signal);
    for (const points of [
      [
        [1, 0.9],
        [2, 0.8],
      ],
      [
        [2, 0.7],
        [3, 0.6],
      ],
    ] as const)
      await again().metrics(
        id,
        points.map(([step, value]) => ({ name: 'loss', value, step, at })),
        signal,
      );
    await tracker.metrics(
      id,
      Array.from({ length: 2_001 }, (_, step) => ({ name: 'lr', value: step / 2, step, at })),
      signal,
    );
    await tracker.metrics(
      id,
      [
        { name: 'f1', value: 0.8, at },
        { name: 'precision', value: Number.NaN, at },
      ],
      signal,
    );
    await again().metrics(id, [{ name: 'f1', value: 0.9, at }], signal);
    await tracker.tags(id, { 'retrain.run': 'churn-1', long: 'ü'.repeat(9_000) }, signal);
    await tracker.artifact(id, 'report/ü b.md', file, signal);
    const inputs = [{ name: 'data', kind: 'dataset' as const, uri: 'data/*.csv', digest: 'd'.repeat(64) }];
    for (const _ of [1, 2]) await tracker.lineage?.(id, { inputs, outputs: [], outcome: 'killed' }, signal);
    await tracker.finish(id, 'killed', signal);

    const { code, output } = await captureProgram(python, [join(import.meta.dirname, 'read_run.py'), id], { env: { ...env } });
    assert.equal(code, 0, output);
    const { params, tags, ...read } = JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? output);
    const time = Date.parse(at);
    assert.deepEqual(read, {
      experiment: `${own}churn`,
      name: 'churn_2026-11-21',
      status: 'KILLED',
      ended: true,
      metrics: { f1: 0.9, 'train/loss': 0.6, 'train/lr': 1_000 },
      history: [
        [1, 0.9, time],
        [2, 0.8, time],
        [3, 0.6, time],
        [2, 0.7, time + 1],
      ],
      artifacts: ['report/ü b.md'],
      report: '# Größe',
      inputs: [['data', 'd'.repeat(36), 'local', '{"uri":"data/*.csv"}', 'training']],
      found: [id],
    });
    assert.equal(params.long.length, 6_000);
    assert.deepEqual([params.depth, params.balanced, params.empty, Object.keys(params).length], ['6', 'true', '', 5]);
    assert.equal(tags.long.length, 5_000);
    assert.equal(tags['retrain.run'], 'churn-1');
  });

  test('a real server’s refusals: no credentials, a deleted experiment, an address below its own', async () => {
    const { again, own, client } = emptyTracker();
    const run = { experiment: 'churn', name: 'n', key: 'k' };
    await again().start(run, signal);
    const found = await client.experimentNamed(`${own}churn`, signal);
    const post = { method: 'POST', headers: { authorization, 'content-type': 'application/json' } };
    await fetch(`${url}/api/2.0/mlflow/experiments/delete`, { ...post, body: JSON.stringify({ experiment_id: found!.id }) });
    await assert.rejects(again().start(run, signal), { code: 'deleted-experiment' });

    const patience = { tries: 1, pauseMs: 1, timeoutMs: 20_000, sendMs: 20_000 };
    const asNobody = mlflowTracker({ client: mlflowClient(mlflowPlace(url, {}), patience) });
    await assert.rejects(asNobody.start(run, signal), { code: 'mlflow-forbidden', fault: 'user', todo: /MLFLOW_TRACKING_USERNAME/ });
    const wrong = { ...env, MLFLOW_TRACKING_PASSWORD: 'not-the-password' };
    await assert.rejects(mlflowTracker({ client: mlflowClient(mlflowPlace(url, wrong), patience) }).start(run, signal), (error: Error) => {
      assert.ok(!error.message.includes('not-the-password'), error.message);
      return 'code' in error && error.code === 'mlflow-forbidden';
    });
    const below = mlflowTracker({ client: mlflowClient(mlflowPlace(`${url}/prefix`, env), patience) });
    await assert.rejects(below.start(run, signal), { code: 'not-mlflow', fault: 'user' });
    assert.equal(await again().reach?.(signal), url);
  });
}
