import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { assertRefused } from './refusal.ts';

const GOOD = ownPipeline();
const lineOf = (text: string, key: string): number => text.slice(0, text.indexOf(key)).split('\n').length;

test('check says everything that is wrong at once, with line and column, the nearest key and what was expected', async () => {
  const text = `${GOOD}evaluat: { primary: auc_roc }
evaluate: { primry: auc_roc, alpha: small, gates: { auc_roc: ">= abc", auc_rok: ">= 0.8" } }
drift: { on-drift: explode }
`;
  await using project = await ownProject({ 'churn.yaml': text });
  const [first, second, third] = ['evaluat:', 'evaluate:', 'drift:'].map((key) => lineOf(text, key));
  const ended = await project.retrain(['check', 'churn.yaml']);
  await assertRefused(project, ended, 2, [
    new RegExp(`^churn\\.yaml:${first}:1: evaluat: unknown key\\. Did you mean "evaluate"\\?`, 'm'),
    new RegExp(`^churn\\.yaml:${second}:13: evaluate\\.primry: unknown key\\. Did you mean "primary"\\?`, 'm'),
    new RegExp(`^churn\\.yaml:${second}:30: evaluate\\.alpha: expected a number above 0 and below 0\\.5, found "small"`, 'm'),
    new RegExp(`^churn\\.yaml:${second}:53: evaluate\\.gates\\.auc_roc: .*operator.*number.*found ">= abc"`, 'm'),
    new RegExp(`^churn\\.yaml:${third}:10: drift\\.on-drift: expected`, 'm'),
  ]);
});

test('a metric nobody knows and a trainer without a command are found before anything is trained', async () => {
  const text = `${GOOD.replace('command: [node, own-trainer.mjs, good], ', '')}evaluate: { gates: { auc_rok: ">= 0.8" }, metrics: [f2score] }
promote: { guards: { recal: 0.01 } }
`;
  await using project = await ownProject({ 'churn.yaml': text });
  const ended = await project.retrain(['check', 'churn.yaml']);
  await assertRefused(project, ended, 2, [
    /evaluate\.gates\.auc_rok: "auc_rok" is not a metric of a binary task\. Did you mean "?auc_roc/,
    /evaluate\.metrics.*f2score/,
    /promote\.guards\.recal.*Did you mean "?recall/,
    /train\.command: .*trainer: command/,
  ]);
});

test('a key that stands twice: both places are named', async () => {
  const text = `${GOOD}key: customer\n`;
  await using project = await ownProject({ 'churn.yaml': text });
  const ended = await project.retrain(['run', 'churn.yaml']);
  await assertRefused(project, ended, 2, [/^churn\.yaml:10:1: key: this key stands twice; first in line 5; keep one of them/m]);
});

test('a file that is no YAML, and one that is missing', async () => {
  await using project = await ownProject({ 'broken.yaml': 'version: 1\nname: [churn\ntask: classification\n' });
  await assertRefused(project, await project.retrain(['check', 'broken.yaml']), 2, [/^broken\.yaml:\d+:\d+: /m]);
  await assertRefused(project, await project.retrain(['run', 'absent.yaml']), 2, [/absent\.yaml does not exist/, /retrain init/]);
});

test('a registry that is only a path is refused by check, not by the gate', async () => {
  await using project = await ownProject({ 'churn.yaml': `${GOOD}registry: ./models\n` });
  await assertRefused(project, await project.retrain(['check', 'churn.yaml']), 2, [
    /registry: expected a registry such as .*file:FOLDER.*found "\.\/models"/,
  ]);
});

test('one stage of a run that was refused: its own verdict is the exit code', async () => {
  const text = ownPipeline('good', { more: 'evaluate: { gates: { auc_roc: ">= 0.999" } }\n' });
  await using project = await ownProject({ 'churn.yaml': text, 'data.csv': customers(200) });
  assert.equal((await project.retrain(['run', 'churn.yaml'])).code, 1);
  const only = await project.retrain(['run', 'churn.yaml', '--only', 'validate-data']);
  assert.equal(only.code, 0, only.out + only.err);
  assert.equal((await project.retrain(['run', 'churn.yaml', '--only', 'evaluate'])).code, 1);
});
