import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { localBackend } from '../../../src/providers/backends/local.ts';
import { CACHE, eventsOf, freshFolder, jobSpec, never, outcomeOf, outputOf, ROOT, tabular } from './trainer-jobs.ts';

// The real trainer in its real environment, which is built by the first run of these tests and kept.
const jobs = mkdtempSync(join(tmpdir(), 'retrain-jobs-'));
after(() => rmSync(jobs, { recursive: true, force: true }));
const backend = localBackend({ root: ROOT, cache: CACHE, jobs, env: process.env });
const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('the tabular trainer', () => {
  test('fits with progress, cross-validation and importances, and predicts; same job, same bytes', async (t) => {
    const digests: string[][] = [];
    for (let round = 0; round < 2; round++) {
      const folder = freshFolder(t);
      const job = { algorithm: 'random_forest', parameters: { n_estimators: 20 }, search: { method: 'none', folds: 3, metric: 'auc_roc' } };
      const fit = await outcomeOf(backend, jobSpec(folder, tabular, 'fit', { ...job, threads: round + 1 }), { to: join(folder, 'fitted') });
      assert.equal(fit.last.state, 'succeeded', fit.last.error);
      const report = fit.fit!;
      assert.deepEqual(
        [report.algorithm, report.parameters.n_estimators, report.rows, report.importance],
        ['random_forest', 20, 120, 'impurity'],
      );
      assert.equal(report.cv?.folds?.length, 3);
      assert.ok(report.cv!.mean > 0.8);
      assert.deepEqual(report.importances.map(({ feature }) => feature).toSorted(), ['a', 'b', 'c']);
      const shares = fit.events.flatMap((event) => (event.kind === 'progress' ? [event.share] : []));
      assert.equal(shares.at(-1), 1);
      assert.ok(shares.length >= 4);

      const predict = await outcomeOf(backend, jobSpec(folder, tabular, 'predict', job), { to: join(folder, 'predicted') });
      assert.equal(predict.last.state, 'succeeded', predict.last.error);
      const files = ['fitted/model/model.skops', 'fitted/model/index.json', 'predicted/predictions.csv'];
      digests.push(files.map((file) => digestOf(join(folder, file))));
    }
    assert.deepEqual(digests[0], digests[1]);
  });

  test('an empty feature cell is refused with row and column', async (t) => {
    const folder = freshFolder(t);
    const spec = jobSpec(folder, tabular, 'fit', { algorithm: 'linear_regression', task: 'regression', target: { column: 'value' } });
    const path = join(folder, 'parts/train.csv');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^(r4,[^,]+),[^,]+/m, '$1,'));
    const { last } = await outcomeOf(backend, spec);
    assert.deepEqual([last.state, last.cause?.code, last.cause?.fault], ['failed', 'trainer-refused', 'user']);
    assert.match(last.error ?? '', /train\.csv, row 6, column "b": expected a number, found an empty cell/);
  });

  test('cancelled in the middle of training: all of it gone within 5 s, nothing half written', async (t) => {
    const folder = freshFolder(t);
    const job = { algorithm: 'random_forest', parameters: { n_estimators: 10_000 }, search: { method: 'none', folds: 5 }, rows: 3_000 };
    const submitted = await backend.submit('cancelled', jobSpec(folder, tabular, 'fit', job), never);
    for await (const event of backend.watch(submitted, never)) if (event.kind === 'progress') break;
    const started = performance.now();
    assert.equal(await backend.cancel(submitted), 'cancelled');
    assert.ok(performance.now() - started < 5_000);
    assert.equal((await eventsOf(backend, submitted)).last.cause?.fault, 'cancelled');
    assert.deepEqual(readdirSync(outputOf(submitted, 'fitted')), ['progress.jsonl']);
  });

  test('an environment recorded with a version is the one used', async (t) => {
    const { digest, lock } = await backend.environment(tabular, { managed: true }, never);
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.match(lock, /^# python 3\.\d+\n[\s\S]*scikit-learn==/);
    const folder = freshFolder(t);
    const job = { algorithm: 'logistic_regression', search: { method: 'none', folds: 0 } };
    const spec = { ...jobSpec(folder, tabular, 'fit', job), environmentLock: lock };
    const { last, events, fit } = await outcomeOf(backend, spec, { to: join(folder, 'fitted') });
    assert.equal(last.state, 'succeeded', last.error);
    assert.ok(!events.some((event) => event.kind === 'log'), 'nothing was built');
    assert.ok(fit);
    assert.equal(fit.cv, undefined);
  });

  test('a trainer that does not exist is named', async () => {
    for (const name of ['tabula', '../x', 'contract']) {
      await assert.rejects(backend.describe({ kind: 'module', name, extras: [] }, { managed: true }, never), {
        code: 'unknown-trainer',
        fault: 'user',
      });
    }
  });

  test('docs/trainers.md shows what it describes', async () => {
    const { algorithms } = await backend.describe(tabular, { managed: true }, never);
    const path = join(ROOT, 'docs/trainers.md');
    assert.ok(existsSync(path));
    const text = readFileSync(path, 'utf8');
    for (const { name, tasks, parameters, search } of algorithms) {
      const section = text.split(`\n### ${name}\n`)[1]?.split('\n### ')[0]?.split('\n## ')[0] ?? '';
      assert.ok(section.includes(`Tasks: ${tasks.join(', ')}.`), `${name}: tasks`);
      const properties = parameters.properties as Record<string, { default: unknown; description: string }>;
      for (const [parameter, schema] of Object.entries(properties)) {
        const space = search?.[parameter] === undefined ? '' : `\`${JSON.stringify(search[parameter]).replaceAll('"', '')}\``;
        const row = `| \`${parameter}\` | \`${JSON.stringify(schema.default)}\` | ${space} | ${schema.description} |`;
        assert.ok(section.includes(row), `${name}: expected the row\n${row}`);
      }
    }
  });
});

test('the example of docs/trainer-contract.md is the trainer that is tested', () => {
  const page = readFileSync(join(ROOT, 'docs/trainer-contract.md'), 'utf8');
  const example = /<!-- example: (\S+) -->\n```js\n([\s\S]*?)```/.exec(page);
  assert.ok(example);
  const source = readFileSync(join(ROOT, example[1]!), 'utf8').split('\n').slice(2).join('\n');
  assert.equal(example[2], source);
});
