import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { customers } from '../e2e/customers.ts';
import { Project, recordOf } from '../e2e/support.ts';

/** Runs one stage without a pipeline file, in a project with these files. */
async function alone(stage: string, files: Readonly<Record<string, string>>, sets: readonly string[], more: readonly string[] = []) {
  await using project = await Project.make(files);
  const { code, out, err } = await project.retrain(['run', '--only', stage, ...sets.flatMap((set) => ['--set', set]), ...more]);
  if (code === 2) return { code, text: out + err, record: undefined, left: {} as Record<string, string> };
  const record = recordOf(await project.lastRun(), stage);
  const folder = join(project.folder, '.retrain', 'runs', record.run, 'files', stage);
  const names = await readdir(folder).catch(() => []);
  const texts = names
    .filter((name) => /\.(?:csv|json)$/.test(name))
    .map(async (name) => [name, await project.read(join('.retrain/runs', record.run, 'files', stage, name))]);
  return { code, text: out + err, record, left: Object.fromEntries(await Promise.all(texts)) as Record<string, string> };
}

/** Predictions of two classes with their truth: `right` of each hundred positives and negatives are told apart. */
function predictions(right: number, rows = 400): string {
  const lines = ['id,truth,group,predicted,p:no,p:yes'];
  for (let row = 0; row < rows; row++) {
    const truth = row % 2 === 0;
    const hit = Math.floor(row / 2) % 100 < right;
    const share = (hit === truth ? 0.7 : 0.3) + ((row * 7919) % 100) / 1000;
    lines.push(
      `c${row},${truth ? 'yes' : 'no'},${row % 4 < 2 ? 'a' : 'b'},${share >= 0.5 ? 'yes' : 'no'},${(1 - share).toFixed(3)},${share.toFixed(3)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
const TWO_CLASSES = ['task=classification', 'target={column: truth, positive: "yes"}', 'key=id', 'predictions=predictions.csv'];

describe('a stage alone', { concurrency: 2 }, () => {
  test('gate: missing and too few data wait, green, or fail where asked; a pipeline switched off says so', async () => {
    const none = await alone('gate', {}, ['name=m', 'source=data/*.csv']);
    assert.deepEqual([none.code, none.record?.verdict?.kind, none.record?.outputs.reason], [0, 'skipped', 'no-data']);
    const asked = await alone('gate', {}, ['name=m', 'source=data/*.csv', 'on-missing-data=fail']);
    assert.deepEqual([asked.code, asked.record?.verdict?.kind], [1, 'failed']);
    const few = await alone('gate', { 'data/day=1/a.csv': 'x\n1\n', 'data/day=2/a.csv': 'x\n1\n' }, [
      'name=m',
      'source=data/**/*.csv',
      'min-partitions=3',
    ]);
    assert.deepEqual([few.code, few.record?.outputs.reason], [0, 'too-few-partitions']);
    const off = await alone('gate', {}, ['name=m', 'source=data/*.csv', 'enabled=false']);
    assert.deepEqual([off.code, off.record?.outputs.reason], [0, 'disabled']);
  });

  test('validate-data: age is measured from the logical date, not from the clock', async () => {
    const files = { 'a.csv': 'id,seen\n1,2024-01-01\n2,2024-01-10\n' };
    const sets = ['data=a.csv', 'freshness={column: seen, max-age: 30d}'];
    assert.equal((await alone('validate-data', files, sets, ['--logical-date', '2024-02-01'])).code, 0);
    const old = await alone('validate-data', files, sets, ['--logical-date', '2024-03-01']);
    assert.equal(old.code, 1);
    assert.equal(old.record?.verdict?.kind === 'failed' && old.record.verdict.reason.code, 'rule-violated');
  });

  test('validate-data: the score of D30 against its gate, in quality.json; an error rule blocks whatever the score', async () => {
    const files = { 'a.csv': `id,age\n${Array.from({ length: 20 }, (_, row) => `${row},${row === 0 ? 200 : row}`).join('\n')}\n` };
    const rule = (severity: string) => ['data=a.csv', 'key=id', `rules={age: {max: 120, severity: ${severity}}}`, 'gates.score="> 90"'];
    const warned = await alone('validate-data', files, rule('warn'));
    assert.equal(warned.code, 0);
    // One of 40 cells breaks its rule: 100 × (0.4 + 0.4 × 39/40 + 0.2).
    assert.ok(Math.abs(Number(warned.record?.outputs.score) - 99) < 1e-9, String(warned.record?.outputs.score));
    assert.equal(JSON.parse(warned.left['quality.json'] as string).rows, 20);
    assert.equal((await alone('validate-data', files, rule('error'))).code, 1);
    const missed = await alone('validate-data', files, [...rule('warn').slice(0, 3), 'gates.score="> 99"']);
    assert.equal(missed.record?.verdict?.kind === 'failed' && missed.record.verdict.reason.code, 'gate-missed');
  });

  test('drift: 0.3 is the share of drifted feature columns; what it means for the run is said', async () => {
    const reference = `a,b,c\n${Array.from({ length: 600 }, (_, row) => `${row % 50},${row % 7},${row % 11}`).join('\n')}\n`;
    const moved = `a,b,c\n${Array.from({ length: 600 }, (_, row) => `${(row % 50) + 30},${row % 7},${row % 11}`).join('\n')}\n`;
    const files = { 'a.csv': reference, 'b.csv': moved };
    const sets = ['reference=a.csv', 'current=b.csv'];
    const half = await alone('drift', files, sets);
    assert.deepEqual([half.code, half.record?.outputs.drifted], [0, false]);
    const third = await alone('drift', files, [...sets, 'threshold=0.3']);
    assert.deepEqual([third.code, third.record?.outputs.drifted, third.record?.verdict?.kind], [0, true, 'passed']);
    assert.equal((await alone('drift', files, [...sets, 'threshold=0.3', 'on-drift=fail'])).code, 1);
    const same = await alone('drift', files, ['reference=a.csv', 'current=a.csv', 'on-none=skip']);
    assert.equal(same.record?.verdict?.kind === 'skipped' && same.record.verdict.reason.code, 'no-drift');
  });

  test('prepare-data: declared features, parts of a date, stratified rows, caps and fills learned from the training part', async () => {
    const rows = Array.from(
      { length: 200 },
      (_, row) =>
        `${row},2024-01-0${(row % 7) + 1}T0${row % 10}:00:00Z,${row % 9 === 0 ? '' : row},${(row % 5) + 1},${row % 10 === 0 ? 'yes' : 'no'}`,
    );
    const { code, text, record, left } = await alone('prepare-data', { 'a.csv': `id,at,spend,count,churn\n${rows.join('\n')}\n` }, [
      'name=m',
      'task=classification',
      'target={column: churn, positive: "yes"}',
      'key=id',
      'data=a.csv',
      'split={method: stratified, test: 20 %}',
      'features={spend_per_transaction: spend / count}',
      'outliers.method=iqr',
    ]);
    assert.equal(code, 0, text);
    assert.deepEqual([record?.outputs['train-rows'], record?.outputs['judging-rows']], [160, 40]);
    const header = (left['train.csv'] as string).split('\n')[0] as string;
    for (const name of ['spend_per_transaction', 'at.hour', 'at.day_of_week', 'at.is_weekend'])
      assert.ok(header.split(',').includes(name), header);
    assert.doesNotMatch(
      (left['test.csv'] as string).split('\n')[0] as string,
      /churn/,
      'the judging part goes to trainers without its target',
    );
    const preparation = JSON.parse(left['preparation.json'] as string) as { rows: number };
    assert.equal(preparation.rows, 160, 'learned from the training part alone');
  });

  test('evaluate: the four credit gates, missed and kept; the positive class must be said', async () => {
    const gates = 'gates={accuracy: ">= 75 %", precision: ">= 70 %", recall: ">= 65 %", auc_roc: ">= 0.75"}';
    const good = await alone('evaluate', { 'predictions.csv': predictions(85) }, [...TWO_CLASSES, gates]);
    assert.equal(good.code, 0, good.text);
    assert.deepEqual(
      good.record?.gates.map(({ verdict }) => verdict),
      ['passed', 'passed', 'passed', 'passed'],
    );
    const bad = await alone('evaluate', { 'predictions.csv': predictions(60) }, [...TWO_CLASSES, gates]);
    assert.equal(bad.code, 1);
    assert.equal(bad.record?.verdict?.kind === 'failed' && bad.record.verdict.reason.code, 'gate-missed');
    const unsaid = await alone('evaluate', { 'predictions.csv': predictions(85) }, [
      'task=classification',
      'target=truth',
      'key=id',
      'predictions=predictions.csv',
    ]);
    assert.equal(unsaid.code, 2);
    assert.match(unsaid.text, /positive/);
  });

  test('evaluate: with more than two classes F1 is macro unless its name says otherwise', async () => {
    const classes = ['x', 'y', 'z'];
    const rows = Array.from({ length: 90 }, (_, row) => {
      const truth = classes[row % 3] as string;
      return `${row},${truth},${row < 80 ? truth : 'x'}`;
    });
    const { code, text, record } = await alone('evaluate', { 'predictions.csv': `id,intent,predicted\n${rows.join('\n')}\n` }, [
      'task=classification',
      'target=intent',
      'key=id',
      'predictions=predictions.csv',
      'gates={f1_macro: ">= 80 %", accuracy: ">= 85 %"}',
    ]);
    assert.equal(code, 0, text);
    assert.ok(record?.metrics.some(({ name }) => name === 'f1_macro'));
  });

  test('bias-check: groups below the minimum are too few, disparate impact is logged and can be a gate', async () => {
    const files = { 'predictions.csv': predictions(85) };
    const logged = await alone('bias-check', files, [...TWO_CLASSES, 'slices=[group]', 'min-group=5']);
    assert.equal(logged.code, 0, logged.text);
    assert.ok(JSON.stringify(logged.record?.metrics).includes('disparate_impact'));
    assert.equal(logged.record?.outputs['too-few'], 0);
    const few = await alone('bias-check', files, [...TWO_CLASSES, 'slices=[group]', 'min-group=300']);
    assert.equal(few.record?.outputs['too-few'], 2);
    const gate = await alone('bias-check', files, [...TWO_CLASSES, 'slices=[group]', 'min-group=5', 'gates={disparate_impact: ">= 0.5"}']);
    assert.equal(gate.code, 0, gate.text);
    assert.equal(gate.record?.gates[0]?.judged, 'interval');
  });

  test('fetch-data: the digest is that of the bytes, whenever the file was touched', async () => {
    const files = { 'data/1.csv': customers(5) };
    const [one, two] = [
      await alone('fetch-data', files, ['name=m', 'source=data/*.csv']),
      await alone('fetch-data', files, ['name=m', 'source=data/*.csv']),
    ];
    assert.equal(one.record?.outputs.digest, two.record?.outputs.digest);
    const other = await alone('fetch-data', { 'data/1.csv': customers(6) }, ['name=m', 'source=data/*.csv']);
    assert.notEqual(one.record?.outputs.digest, other.record?.outputs.digest);
  });
});
