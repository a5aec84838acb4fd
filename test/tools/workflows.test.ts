import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { workflowFiles } from '../../tools/workflows/files.ts';
import { parseWorkflow, workflowProblems } from '../../tools/workflows/parser.ts';
import { repositoryName } from '../../tools/workflows/repository.ts';
import { allWithGoogle, localised, named, pinnedTo, withGoogle } from '../../tools/workflows/rewrite.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const text = `concurrency:
  group: one
  queue: max
jobs:
  a:
    steps:
      - uses: $/actions/gate
      - name: $/actions/gate in a name stays
        uses: $/actions/hand-over
`;
const files = workflowFiles();
type Called = { uses?: string; readonly permissions: Record<string, string> };

test('pinned: own actions are named by repository and full commit, everything else stays', () => {
  assert.equal(
    pinnedTo(text, 'acme/retrain', SHA),
    text
      .replace('uses: $/actions/gate', `uses: acme/retrain/actions/gate@${SHA}`)
      .replace('uses: $/actions/hand-over', `uses: acme/retrain/actions/hand-over@${SHA}`),
  );
});

test('pinned: a tag or a short commit is refused', () => {
  assert.throws(() => pinnedTo(text, 'acme/retrain', 'v1'), /full commit SHA/);
});

test('with Google: every job may say who it is, the variables of the caller are at hand, and nothing else is changed', () => {
  const text = files.find(({ path }) => path.endsWith('/retrain.yml'))!.text;
  const [plain, google] = [parse(text), parse(withGoogle(text))] as {
    jobs: Record<string, { permissions: Record<string, string> }>;
    env?: object;
    name: string;
  }[];
  for (const [name, job] of Object.entries(google!.jobs)) {
    assert.equal(job.permissions['id-token'], 'write', name);
    delete job.permissions['id-token'];
  }
  assert.equal(Object.keys(google!.env!).length, 4);
  assert.deepEqual({ ...google, env: undefined, name: '' }, { ...plain, env: undefined, name: '' });
});

test('all with Google: each run is one of retrain-google.yml and may say who it is, the jobs around them may not, and nothing else is changed', () => {
  const text = files.find(({ path }) => path.endsWith('/retrain-all.yml'))!.text;
  const [plain, google] = [parse(text), parse(allWithGoogle(text))] as { jobs: Record<string, Called>; name: string }[];
  const { retrain, ...around } = google!.jobs;
  assert.equal(retrain!.uses, '$/.github/workflows/retrain-google.yml');
  assert.equal(retrain!.permissions['id-token'], 'write');
  assert.doesNotMatch(JSON.stringify(around), /id-token/);
  retrain!.uses = '$/.github/workflows/retrain.yml';
  delete retrain!.permissions['id-token'];
  assert.deepEqual({ ...google, name: '' }, { ...plain, name: '' });
});

test('local: own actions by path, and no queue', () => {
  const local = localised(text);
  assert.match(local, /uses: \.\/actions\/gate\n/);
  assert.doesNotMatch(local, /queue|uses: \$/);
  assert.match(local, /group: one\njobs:/);
});

test('named: a template calls and checks out the repository that package.json names, and others stay', () => {
  const template = 'uses: OWNER/retrain/.github/workflows/retrain.yml@v1\nuses: actions/checkout@v7\n          repository: OWNER/retrain\n';
  assert.equal(
    named(template, 'acme/train-again'),
    'uses: acme/train-again/.github/workflows/retrain.yml@v1\nuses: actions/checkout@v7\n          repository: acme/train-again\n',
  );
});

test('every template names the repository of package.json', () => {
  for (const { path, text } of files) assert.equal(named(text, repositoryName()), text, `${path}: run npm run generate`);
});

test('the parser of GitHub refuses a misspelt key, a broken condition and an unknown permission, and takes `$/` and `queue`', async () => {
  assert.deepEqual(await workflowProblems('ok.yml', `on: push\n${text.replace('  a:\n', '  a:\n    runs-on: x\n')}`), []);
  const bad = 'on: push\njobs:\n  a:\n    runs-on: x\n    if: foo(\n    permissions: { contents: maybe }\n    steps:\n      - use: x\n';
  const problems = (await workflowProblems('bad.yml', bad)).join('\n');
  for (const expected of [/Line: 6.*maybe/, /Line: 8.*'use'/, /Line: 5.*expression/]) assert.match(problems, expected);
});

test('the parser of GitHub takes every workflow and template, and what they look like once rewritten', async () => {
  assert.ok(files.length >= 9);
  for (const { path, text } of files) {
    assert.deepEqual(await workflowProblems(path, text), []);
    assert.deepEqual(await workflowProblems(path, localised(text)), []);
    assert.deepEqual(await workflowProblems(path, pinnedTo(text, repositoryName(), SHA)), []);
  }
});

test('what a watchdog starts waits its turn: without `queue: max` GitHub keeps one waiting run and cancels the others', () => {
  const started = files.filter(({ text }) => /^ {6}logical-date:/m.test(text)).map(({ path, text }) => ({ path, ...parse(text) }));
  assert.ok(started.length >= 5);
  for (const { path, concurrency } of started) if (concurrency) assert.match(concurrency.queue ?? 'absent', /\bmax\b/, path);
});

test('a condition is an expression and nothing else: with a blank around it, it would be a text, and a text is true', async () => {
  for (const { path, text } of files) {
    const { template } = await parseWorkflow(path, text);
    for (const job of template.jobs) {
      const conditions = [job.if, ...(job.type === 'job' ? job.steps.map((step) => step.if) : [])];
      for (const condition of conditions) assert.doesNotMatch(condition?.expression ?? '', /^format\(/, path);
    }
  }
});

test('actions of others are pinned to a full commit with the version beside it', () => {
  for (const { path, text } of files) {
    for (const [, used] of text.matchAll(/uses:\s*(.+)$/gm)) {
      if (used!.startsWith('$/') || used!.startsWith(`${repositoryName()}/`)) continue;
      assert.match(used!, /^[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${path}: ${used}`);
    }
  }
});

test('every permission has its reason beside it, and none is given to all jobs', () => {
  for (const { path, text } of files) {
    assert.match(text, /^permissions: \{\}$/m, path);
    for (const line of text.split('\n')) if (/^\s+[a-z-]+: (read|write)\b/.test(line)) assert.match(line, / # \S/, `${path}: ${line}`);
  }
});

/** Which steps ask for a secret: who reads stores of the Hub, who tells trackers, who talks to the registry or the forge, who notifies. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  'secrets.HF_TOKEN': ['gate', 'fetch-model', 'fetch-data', 'validate-data', 'drift', 'train', 'evaluate', 'syntax-validate'],
  'secrets.MLFLOW_TRACKING_USERNAME': ['gate', 'train', 'report'],
  'secrets.MLFLOW_TRACKING_PASSWORD': ['gate', 'train', 'report'],
  'secrets.MLFLOW_TRACKING_TOKEN': ['gate', 'train', 'report'],
  'secrets.SLACK_WEBHOOK_URL': ['notify'],
  'secrets.SMTP_PASSWORD': ['notify'],
  'github.token': ['gate', 'fetch-model', 'fetch-data', 'validate-data', 'register', 'promote', 'report'],
};
type CalledFile = {
  readonly on: { readonly workflow_call: { readonly secrets: Readonly<Record<string, { readonly required: boolean }>> } };
  readonly jobs: Readonly<Record<string, { readonly steps?: readonly { readonly id?: string }[]; readonly secrets?: object }>>;
};

test('a secret reaches the steps that need it and no other, and none must be given', () => {
  for (const name of ['retrain.yml', 'retrain-google.yml']) {
    const { on, jobs, ...rest } = parse(files.find(({ path }) => path.endsWith(`/${name}`))!.text) as CalledFile;
    assert.doesNotMatch(JSON.stringify(rest), /secrets\.|github\.token/, name);
    const found: Record<string, string[]> = {};
    for (const [id, { steps = [], ...job }] of Object.entries(jobs)) {
      assert.doesNotMatch(JSON.stringify(job), /secrets\.|github\.token/, `${name}: ${id}`);
      for (const step of steps) {
        for (const [, secret = ''] of JSON.stringify(step).matchAll(/(secrets\.\w+|github\.token)/g)) {
          found[secret] = [...(found[secret] ?? []), step.id ?? ''];
        }
      }
    }
    assert.deepEqual(found, SECRETS, name);
    const declared = on.workflow_call.secrets;
    assert.deepEqual(
      Object.keys(declared)
        .map((secret) => `secrets.${secret}`)
        .sort(),
      Object.keys(SECRETS)
        .filter((secret) => secret !== 'github.token')
        .sort(),
    );
    for (const [secret, { required }] of Object.entries(declared)) assert.equal(required, false, secret);
  }
});

test('who calls a workflow of ours hands on secrets by name, and only those it knows; who trains many models all of them', () => {
  const known = Object.keys(SECRETS).filter((secret) => secret !== 'github.token');
  for (const { path, text } of files) {
    for (const { secrets } of Object.values((parse(text) as CalledFile).jobs)) {
      assert.notEqual(secrets, 'inherit', path);
      for (const [name, value] of Object.entries(secrets ?? {})) {
        assert.equal(value, `\${{ secrets.${name} }}`, path);
        assert.ok(known.includes(`secrets.${name}`), `${path}: ${name}`);
      }
      if (/\/retrain-all(?:-google)?\.yml$/.test(path) && secrets) assert.equal(Object.keys(secrets).length, known.length);
    }
  }
});

test('no expression stands inside a script: what comes from outside goes through the environment', () => {
  const scripts = files.flatMap(({ text }) =>
    Object.values((parse(text) as { jobs: Record<string, { steps?: { run?: string }[] }> }).jobs)
      .flatMap(({ steps }) => steps ?? [])
      .flatMap(({ run }) => run ?? []),
  );
  assert.ok(scripts.length >= 5);
  for (const script of scripts) assert.doesNotMatch(script, /\$\{\{/);
});

test('nothing that trains, judges or publishes goes on after a cancel', () => {
  const retrain = files.find(({ path }) => path.endsWith('/retrain.yml'))!.text;
  const steps = retrain.split(/^ {6}- /m).filter((step) => /uses: \$\/actions\/(?!hand-over)/.test(step));
  assert.equal(steps.length >= 12, true);
  for (const step of steps) assert.doesNotMatch(step.split('\n  ')[0]! + step.split('uses:')[0]!, /always\(\)/);
});
