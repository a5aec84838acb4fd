import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { slackStandIn } from '../stand-ins/slack.ts';
import { smtpStandIn } from '../stand-ins/smtp.ts';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { type Project, recordOf } from './support.ts';

const PASSWORD = 'pa55/w0rd+"geheim"';

/** Every form in which a secret might be kept, in every file of the project. */
async function filesWith(project: Project, secret: string): Promise<string[]> {
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')];
  const found: string[] = [];
  for (const entry of await readdir(project.folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = await readFile(join(entry.parentPath, entry.name), 'latin1');
    if (forms.some((form) => text.includes(form))) found.push(entry.name);
  }
  return found;
}

test('Slack and mail are told once, at the end, of success and of refusal; when both are down the run is green with a warning; no secret is kept', async (t) => {
  const slack = await slackStandIn(t);
  const smtp = await smtpStandIn(t, {
    onAuth: ({ username, password }, _session, done) =>
      username === 'retrain' && password === PASSWORD ? done(null, { user: username }) : done(new Error('5.7.8 Bad credentials')),
  });
  const notify = `notify:
  slack: true
  subject: "{model}: {verdict}"
  email: { to: [team@example.org], from: retrain@example.org, host: localhost, port: ${smtp.port}, user: retrain, ca: ca.pem }
`;
  await using project = await ownProject({
    'pipelines/churn.yaml': ownPipeline('good', { more: notify }),
    'data.csv': customers(300),
    'ca.pem': smtp.ca,
    'elsewhere/empty': '',
  });
  const secrets = { SLACK_WEBHOOK_URL: slack.webhook, SMTP_PASSWORD: PASSWORD };
  const run = (...sets: string[]) =>
    project.retrain(['run', 'pipelines/churn.yaml', '--verbose', ...sets.flatMap((set) => ['--set', set])], secrets);
  const said: string[] = [];

  const success = await run();
  said.push(success.out, success.err);
  assert.equal(success.code, 0, success.out + success.err);
  assert.equal(slack.bodies.length, 1);
  assert.equal(smtp.mails.length, 1);
  assert.match(slack.bodies[0]!, /churn/);
  assert.match(smtp.mails[0]!.raw, /^Subject: churn: /m);
  assert.equal(smtp.mails[0]!.secure, true);
  assert.equal(recordOf(await project.lastRun(), 'notify').outputs.sent, 2);

  const refusal = await run('evaluate.gates={auc_roc: ">= 0.999"}');
  said.push(refusal.out, refusal.err);
  assert.equal(refusal.code, 1, refusal.out + refusal.err);
  assert.equal(slack.bodies.length, 2);
  assert.equal(smtp.mails.length, 2);
  assert.match(slack.bodies[1]!, /0\.999/, 'the gate that was missed is named');

  const skipped = await run('evaluate.gates={auc_roc: ">= 0.999"}');
  said.push(skipped.out, skipped.err);
  assert.equal(skipped.code, 0);
  assert.equal(slack.bodies.length, 2, 'a run with nothing to do is no news');

  await slack.close();
  await smtp.close();
  const down = await run('train.params.steps=150');
  said.push(down.out, down.err);
  assert.equal(down.code, 0, down.out + down.err);
  const record = recordOf(await project.lastRun(), 'notify');
  assert.deepEqual(
    record.warnings.map(({ code }) => code),
    ['notifier-failed', 'notifier-failed'],
  );
  assert.equal(record.outputs.sent, 0);
  assert.equal((await project.lastRun()).outcome, 'passed');

  for (const secret of [slack.webhook, 'secretpart', PASSWORD]) {
    assert.deepEqual(await filesWith(project, secret), []);
    for (const text of said) assert.ok(!text.includes(secret));
  }
});
