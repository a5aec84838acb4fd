import assert from 'node:assert/strict';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stages } from '../../../src/catalog.ts';
import { SECRET_NAMES } from '../../../src/hosts/redact.ts';
import { root } from '../../../tools/process.ts';
import { ArtifactService } from '../../stand-ins/artifacts.ts';
import { RunnerJob, type StepEnd } from '../../stand-ins/runner.ts';

/** A secret of its own for each name, with signs that URLs, JSON and Markdown write differently. */
const planted = Object.fromEntries(SECRET_NAMES.map((name) => [name, `${name.toLowerCase()}/s3cr&t "${name.length}" ü+x`]));
planted.SLACK_WEBHOOK_URL = 'http://127.0.0.1:9/services/T0/B0/planted-slack-secret';
const forms = Object.values(planted).flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  ...[0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString('base64');
    return text.slice(4, -4);
  }),
]);
const leaked = (text: string): readonly string[] => forms.filter((form) => text.includes(form));

/** A trainer that looks around: its environment, and the command line of every process it can see. */
const SPY = `import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
const of = (pid, file) => { try { return readFileSync('/proc/' + pid + '/' + file, 'latin1'); } catch { return ''; } };
const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\\d+$/.test(name)) : [];
writeFileSync('spied-' + process.pid + '.txt', JSON.stringify({ env: process.env, lines: pids.map((pid) => of(pid, 'cmdline')) }));
await import('./own-trainer.mjs');
`;

const PIPELINE = `version: 1
name: churn
owner: growth
task: classification
target: { column: churn, positive: "yes" }
key: id
home: kept
run: { retries: 0 }
fetch-data: { source: data.csv }
validate-data: { rules: { churn: { in: ["yes", "no"] } } }
prepare-data: { split: { test: 25 % } }
train: { trainer: command, command: [node, spy.mjs, good], algorithms: [own], params: { own: { steps: 50 } } }
notify: { slack: true }
`;

const data = (): string =>
  [
    'id,a,b,churn',
    ...Array.from({ length: 240 }, (_, i) => `r${i},${(i * 37) % 101},${(i * 53) % 89},${(i * 37) % 101 > 50 ? 'yes' : 'no'}`),
  ].join('\n');

test('S3: with secrets planted in the environment, no stage leaves one in log, outputs, summary, state, files or command lines', async () => {
  await using service = await ArtifactService.begin();
  await using job = await RunnerJob.begin({ env: service.env('run-1', 'all') });
  await job.write('pipelines/churn.yaml', PIPELINE);
  await job.write('data.csv', `${data()}\n`);
  await job.write('spy.mjs', SPY);
  await cp(join(root, 'test', 'e2e', 'fixtures', 'own-trainer.mjs'), join(job.workspace, 'own-trainer.mjs'));

  const said: [string, StepEnd][] = [];
  const env = { ...planted, GITHUB_API_URL: 'http://127.0.0.1:9' };
  let folder = '';
  for (const { name } of stages) {
    const end = await job.run(name, { pipeline: 'pipelines/churn.yaml' }, env);
    folder = end.outputs['run-folder'] ?? folder;
    said.push([name, end]);
  }
  said.push(['hand-over', await job.run('hand-over', { operation: 'save', job: 'publish', 'run-folder': folder }, env)]);

  assert.ok(
    said.filter(([, { outputs }]) => outputs.outcome === 'completed').length >= 9,
    said.map(([name, { outputs, log }]) => `${name} ${outputs.outcome} ${log.at(-1)}`).join('\n'),
  );
  for (const [name, end] of said) {
    const text = [
      ...end.log,
      end.summary,
      end.stateFile,
      JSON.stringify(end.outputs),
      ...end.errors.map(({ data }) => data),
      ...end.warnings.map(({ data }) => data),
    ].join('\n');
    assert.deepEqual(leaked(text), [], name);
    assert.deepEqual(end.dropped, [], name);
  }
  const trained = said.find(([name]) => name === 'train')?.[1];
  const order = trained?.commands.map(({ name }) => name).filter((name) => ['group', 'stop-commands', 'endgroup'].includes(name));
  assert.deepEqual(order?.slice(0, 3), ['group', 'stop-commands', 'endgroup'], 'S1: what a trainer says stands where no command counts');
  const spied = (await readdir(job.workspace)).filter((name) => name.startsWith('spied-'));
  assert.ok(spied.length > 0);
  for (const name of spied) assert.deepEqual(leaked(await readFile(join(job.workspace, name), 'utf8')), [], name);
  for (const path of await readdir(join(job.workspace, 'kept'), { recursive: true })) {
    const text = await readFile(join(job.workspace, 'kept', path), 'latin1').catch(() => '');
    assert.deepEqual(leaked(text), [], path);
  }
});
