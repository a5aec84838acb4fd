import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactor } from '../../src/hosts/redact.ts';
import { refuseSecrets } from '../../src/hosts/refuse-secrets.ts';
import type { InvalidInputs } from '../../src/kernel/errors.ts';
import { redactRecord } from '../../src/kernel/redact-record.ts';
import { record } from '../report/fixtures.ts';

const SECRET = 'p&ss/w+rd "42" ünd mehr';
const redact = redactor({ SMTP_PASSWORD: SECRET, HF_TOKEN: 'test', GITHUB_TOKEN: '', HOME: 'not-a-secret-at-all' });

test('S3: a secret of the environment is taken out in every form: plain, URL, JSON, base64 wherever it begins', () => {
  const forms = [
    SECRET,
    encodeURIComponent(SECRET),
    encodeURI(SECRET),
    JSON.stringify(SECRET).slice(1, -1),
    ...['', 'u', 'us', 'user:'].map((before) => Buffer.from(`${before}${SECRET} after`).toString('base64')),
    Buffer.from(`user:${SECRET}`).toString('base64url'),
  ];
  for (const form of forms) {
    const clean = redact(`before ${form} after`);
    assert.match(clean, /^before .*\*\*\*.* after$/);
    assert.ok(clean.length < `before ${form} after`.length - SECRET.length / 2, clean);
  }
  assert.equal(redact('not-a-secret-at-all'), 'not-a-secret-at-all');
});

test('S3: what looks like a secret is one, whoever gave it', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['postgres://reader:hunter2@db.example:5432/churn', 'postgres://reader:***@db.example:5432/churn'],
    [`token gh${'p_'}${'A1b2'.repeat(9)}.`, 'token ***.'],
    [`gh${'s_'}${'A1b2'.repeat(9)}`, '***'],
    [`github_${'pat_'}${'A1b2'.repeat(9)}`, '***'],
    [`h${'f_'}${'A1b2'.repeat(9)}`, '***'],
    [`https://hooks.slack.com/${'services'}/T0/B0/x1y2z3`, 'https://hooks.slack.com/services/***'],
    [`x${'oxb'}-123456789012-abcdef`, '***'],
    [`ya${'29'}.${'a0Af_-'.repeat(5)}`, '***'],
    [`sb_${'secret'}_${'a0Af'.repeat(5)}`, '***'],
    [`Bearer ${'ey'}JhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl`, 'Bearer ***'],
    [`-----BEGIN ${'PRIVATE'} KEY-----\nMIIE\nvQIB\n-----END PRIVATE KEY-----`, '-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----'],
  ];
  for (const [text, clean] of cases) {
    assert.equal(redact(text), clean);
    assert.equal(redact(text, 'value'), clean);
  }
  for (const text of ['https://example.org/a@b', 'mail a@b.org', 'gs://bucket/path:1', 'hf_model', 'a'.repeat(64)])
    assert.equal(redact(text), text);
});

test('S4: a short secret is no reason to break the values of a run', () => {
  assert.equal(redact('data/test.csv', 'value'), 'data/test.csv');
  assert.equal(redact('HF said: test'), 'HF said: ***');
  assert.equal(redactor({ HF_TOKEN: 'abc' })('abc'), 'abc');
});

test('S3: secrets given as inputs, echoed by a service or hidden in names are in no part of a record; our own words stay', () => {
  const hook = `https://hooks.slack.com/${'services'}/T0/B0/x1y2z3`;
  const reason = { code: 'why', text: `said ${SECRET}` };
  const kept = record('drift', {
    inputs: { source: 'postgres://u:hunter2@h/d', nested: { deep: [hook], [SECRET]: 1 } },
    outputs: { uri: `x?key=${encodeURIComponent(SECRET)}`, file: { uri: 'files/drift/x', sha256: '0'.repeat(64), bytes: 1 } },
    found: `found ${SECRET}`,
    verdict: { kind: 'failed', reason },
    metrics: [{ name: 'psi', value: 1, n: 1, column: SECRET, slice: `a=${SECRET}`, split: 'test' }],
    gates: [{ name: 'psi', threshold: '< 1', judged: 'point', verdict: 'failed', reason: SECRET, slice: SECRET }],
    comparison: { champion: 1, verdict: 'incomparable', reason, n: 1, leftOut: 0, split: 'test', guards: [] },
    tables: [{ name: 't', title: SECRET, columns: [SECRET], rows: [[SECRET, 1, null, true]] }],
    curves: [{ name: 'roc', title: 't', x: 'x', y: 'y', series: [{ name: SECRET, x: [SECRET], y: [1] }] }],
    warnings: [reason],
    error: { code: 'x', message: `${SECRET} ${hook}`, todo: `Set ${SECRET}`, fault: 'user' },
  });
  const clean = redactRecord(kept, redact);
  assert.doesNotMatch(JSON.stringify(clean), /hunter2|x1y2z3|p&ss|p%26ss/);
  assert.deepEqual(clean.metrics[0], { name: 'psi', value: 1, n: 1, column: '***', slice: 'a=***', split: 'test' });
  assert.deepEqual(clean.outputs.file, kept.outputs.file);
  assert.deepEqual(clean.inputs.nested, { deep: ['https://hooks.slack.com/services/***'], '***': 1 });
  assert.equal(clean.verdict?.kind === 'failed' && clean.verdict.reason.code, 'why');
});

test('S3: a secret given as an input is refused before anything keeps it, by the name of its key alone', () => {
  const env = { SMTP_PASSWORD: SECRET, HF_TOKEN: 'test' };
  const stage = (inputs: Readonly<Record<string, unknown>>) => ({ shared: { name: 'churn' }, stages: { notify: { inputs, origins: {} } } });
  const refused = (inputs: Readonly<Record<string, unknown>>) => {
    try {
      refuseSecrets(stage(inputs), env, 'inputs');
    } catch (error) {
      assert.doesNotMatch((error as Error).message, /hunter2|p&ss/);
      return (error as InvalidInputs).problems.map(({ path }) => path);
    }
    return [];
  };
  assert.deepEqual(refused({ subject: `Pass ${SECRET}`, email: { host: 'smtp://u:hunter2@h' }, text: 'a test' }), [
    'notify.subject',
    'notify.email.host',
  ]);
  assert.deepEqual(refused({ to: ['a@b.org', [encodeURIComponent(SECRET)]] }), ['notify.to.1.0']);
  assert.deepEqual(refused({ name: 'churn', subject: 'data/test.csv', hash: 'a'.repeat(64) }), []);
});
