import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type SmtpOptions, smtpNotifier } from '../../../src/providers/notifiers/smtp.ts';
import { message, notifierContract } from '../../contracts/notifier.ts';
import { patience as signal } from '../../contracts/scratch.ts';
import { type Mail, smtpStandIn } from '../../stand-ins/smtp.ts';

const account = { user: 'retrain', password: 'right', from: 'ml@example.org', to: ['team@example.org'] };

/** Headers unfolded and decoded, a blank line, the body decoded. */
function readable({ raw }: Mail): string {
  const [head = '', body = ''] = raw.split(/\r\n\r\n(.*)/s);
  const headers = head.replace(/\r\n[ \t]+/g, ' ').replace(/\?= =\?/g, '?==?');
  const words = headers.replace(/=\?utf-8\?(q|b)\?(.*?)\?=/gi, (_, kind: string, text: string) =>
    kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString() : quotedPrintable(text.replaceAll('_', ' ')),
  );
  const coding = /content-transfer-encoding: (\S+)/i.exec(head)?.[1]?.toLowerCase();
  const text = coding === 'base64' ? Buffer.from(body, 'base64').toString() : coding === 'quoted-printable' ? quotedPrintable(body) : body;
  return `${words}\n\n${text}`;
}

const quotedPrintable = (text: string): string =>
  Buffer.from(
    text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();

async function server(context: TestContext, options: Parameters<typeof smtpStandIn>[1] = {}) {
  const standIn = await smtpStandIn(context, options);
  const notifier = (more: Partial<SmtpOptions> = {}) =>
    smtpNotifier({ host: '127.0.0.1', port: standIn.port, ca: standIn.ca, timeoutSeconds: 0.5, ...account, ...more });
  return { standIn, notifier };
}

notifierContract('smtp', async (context) => {
  const { standIn, notifier } = await server(context);
  return {
    notifier: notifier(),
    arrived: () => standIn.mails.map(readable),
    async fail(how) {
      Object.assign(standIn, { hang: how === 'hang', cut: how === 'cut' });
      if (how === 'refuse') standIn.refusals.recipient = [550, '5.1.1 No such user'];
      if (how === 'down') await standIn.close();
    },
  };
});

test('smtp: STARTTLS and the account are used, and every recipient gets it', async (context) => {
  const { standIn, notifier } = await server(context);
  await notifier({ to: ['a@example.org', 'b@example.org'] }).send(message, signal);
  const [mail] = standIn.mails;
  assert.deepEqual([mail?.secure, mail?.user, mail?.from], [true, 'retrain', 'ml@example.org']);
  assert.deepEqual(mail?.to, ['a@example.org', 'b@example.org']);
  assert.match(mail?.raw ?? '', /^To: a@example\.org, b@example\.org\r$/m);
  assert.match(mail?.raw ?? '', /^Auto-Submitted: auto-generated\r$/m);
});

test('smtp: implicit TLS works, and a plain relay only when told', async (context) => {
  const implicit = await server(context, { secure: true });
  await implicit.notifier({ tls: 'implicit' }).send(message, signal);
  assert.equal(implicit.standIn.mails[0]?.secure, true);
  const relay = await server(context, { disabledCommands: ['STARTTLS', 'AUTH'] });
  const { user: _, password: __, ...nobody } = account;
  const options = { host: '127.0.0.1', port: relay.standIn.port, timeoutSeconds: 0.5, ...nobody };
  await assert.rejects(smtpNotifier(options).send(message, signal), { code: 'mail-tls', fault: 'user', message: /STARTTLS/ });
  await smtpNotifier({ ...options, tls: 'none' }).send(message, signal);
  assert.equal(relay.standIn.mails.length, 1);
});

test('smtp: an unknown authority or a certificate of another name is not trusted', async (context) => {
  const { standIn, notifier } = await server(context);
  await assert.rejects(notifier({ ca: undefined }).send(message, signal), { code: 'mail-tls', fault: 'user' });
  const other = await server(context, { names: ['mail.example.org'] });
  await assert.rejects(other.notifier().send(message, signal), { code: 'mail-tls', fault: 'user' });
  assert.deepEqual([...standIn.mails, ...other.standIn.mails], []);
});

test('smtp: refusals for now are the world’s, refusals for good the user’s', async (context) => {
  const cases = [
    ['connect', 421, 'Too busy', 'world', 'mail-deferred'],
    ['auth', 454, 'Temporary failure', 'world', 'mail-deferred'],
    ['auth', 535, 'Bad credentials', 'user', 'mail-credentials'],
    ['recipient', 450, 'Greylisted', 'world', 'mail-deferred'],
    ['recipient', 550, 'No such user', 'user', 'mail-refused'],
    ['data', 552, 'Too large', 'user', 'mail-refused'],
    ['data', 451, 'Try later', 'world', 'mail-deferred'],
  ] as const;
  for (const [when, status, words, fault, code] of cases) {
    const { standIn, notifier } = await server(context);
    standIn.refusals[when] = [status, words];
    await assert.rejects(notifier().send(message, signal), { fault, code, message: new RegExp(words) }, `${when} ${status}`);
    await standIn.close();
  }
});

test('smtp: a wrong password is told without the password', async (context) => {
  const { standIn, notifier } = await server(context);
  standIn.refusals.auth = [535, 'hunter2 is wrong'];
  await assert.rejects(notifier({ password: 'hunter2' }).send(message, signal), (error: Error & { code: string }) => {
    assert.equal(error.code, 'mail-credentials');
    assert.ok(!`${error.message}${error.stack}${JSON.stringify(error)}`.includes('hunter2'), error.message);
    assert.equal(error.cause, undefined);
    return true;
  });
});

test('smtp: one refused recipient of several is named, the others have the mail', async (context) => {
  const { standIn, notifier } = await server(context);
  await assert.rejects(notifier({ to: ['team@example.org', 'nobody@example.org'] }).send(message, signal), {
    code: 'mail-refused',
    message: /refused nobody@example\.org; the mail went to team@example\.org/,
  });
  assert.equal(standIn.mails.length, 1);
});

test('smtp: a subject with line breaks adds no header and no recipient', async (context) => {
  const { standIn, notifier } = await server(context);
  await notifier().send({ ...message, subject: 'x\r\nBcc: other@example.org\r\n\r\nbody' }, signal);
  const [mail] = standIn.mails;
  assert.deepEqual(mail?.to, ['team@example.org']);
  assert.match(mail?.raw ?? '', /^Subject: x Bcc: other@example\.org body\r$/m);
  assert.doesNotMatch(mail?.raw ?? '', /^Bcc:/im);
});

test('smtp: addresses that are more than one address, or none, are refused before anything is sent', () => {
  const base = { host: 'localhost', from: 'a@example.org', to: ['b@example.org'] };
  for (const bad of ['', 'x', 'a@b, c@d', 'a@b\r\nBcc: c@d', 'Name <a@b>', '"a b"@c', 'a@b c', 'a@b\0']) {
    assert.throws(() => smtpNotifier({ ...base, to: [bad] }), { code: 'bad-address' }, bad);
    assert.throws(() => smtpNotifier({ ...base, from: bad }), { code: 'bad-address' }, bad);
  }
  assert.throws(() => smtpNotifier({ ...base, to: [] }), { code: 'bad-recipients' });
  assert.throws(() => smtpNotifier({ ...base, user: 'x' }), { code: 'bad-credentials' });
});
