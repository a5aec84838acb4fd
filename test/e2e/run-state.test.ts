import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appears } from './appears.ts';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';

test('two runs at once on the same pipeline: the second is told whose turn it is; status shows the first', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline('waits-for-go'), 'data.csv': customers(120) });
  const first = project.start(['run', 'churn.yaml']);
  await appears(project, 'trainer.pids');
  const second = await project.retrain(['run', 'churn.yaml']);
  assert.equal(second.code, 3, second.out + second.err);
  assert.match(second.err, new RegExp(`A run of churn is under way.*process ${first.child.pid}.*retrain status`));
  const status = await project.retrain(['status']);
  assert.match(status.out, /churn +running +train, \d+(\.\d+)? s so far/);
  await project.write('go', '');
  const ended = await first.ended;
  assert.equal(ended.code, 0, ended.out + ended.err);
  assert.equal((await project.runs()).length, 1, 'the second left nothing behind');
});

test('a corrupted manifest, one of a newer Retrain and a changed file stop a run that would go on from them, with their names', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline(), 'data.csv': customers(120) });
  const first = await project.retrain(['run', 'churn.yaml']);
  assert.equal(first.code, 0, first.out + first.err);
  const { id } = await project.lastRun();
  const path = `.retrain/runs/${id}/run.json`;
  const good = await project.read(path);
  const goOn = (from: string) => project.retrain(['run', 'churn.yaml', '--from', from]);

  await project.write(path, good.slice(0, good.length / 2));
  const cut = await goOn('evaluate');
  assert.equal(cut.code, 2);
  assert.match(cut.err, new RegExp(`${id}/run\\.json is not valid JSON.*Remove the run folder`, 's'));
  const listed = await project.retrain(['runs']);
  assert.equal(listed.code, 0);
  assert.match(listed.err, new RegExp(`${id}/run\\.json is not valid JSON`));

  await project.write(path, good.replaceAll('retrain/manifest/1', 'retrain/manifest/2'));
  const newer = await goOn('evaluate');
  assert.equal(newer.code, 2);
  assert.match(newer.err, /run\.json was written by a newer Retrain \(form retrain\/manifest\/2.*Use Retrain 2\.x or newer/s);
  assert.match((await project.retrain(['report'])).err, /newer Retrain/);

  await project.write(path, good);
  const predictions = `.retrain/runs/${id}/files/train/jobs/predict-own-test/output/predictions.csv`;
  await project.write(predictions, (await project.read(predictions)).replace(/0\.\d/, '0.0'));
  const changed = await goOn('evaluate');
  assert.equal(changed.code, 2, changed.out);
  assert.match(changed.out, /predictions\.csv: expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}/);
  assert.doesNotMatch(changed.out + changed.err, /^\s+at .+:\d+:\d+\)?$/m);
});

test('a corrupted registry is named, and touched by nothing', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline(), 'data.csv': customers(120) });
  assert.equal((await project.retrain(['run', 'churn.yaml'])).code, 0);
  await project.write('.retrain/registry/churn/aliases.json', '{"generation": 1, "champ');
  const ended = await project.retrain(['run', 'churn.yaml', '--force']);
  assert.equal(ended.code, 2, ended.out + ended.err);
  assert.match(ended.out + ended.err, /aliases\.json/);
  assert.equal(await project.read('.retrain/registry/churn/aliases.json'), '{"generation": 1, "champ');
});
