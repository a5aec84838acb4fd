import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slackNotifier, slackPayload } from '../../../src/providers/notifiers/slack.ts';
import { message, notifierContract } from '../../contracts/notifier.ts';
import { patience as signal } from '../../contracts/scratch.ts';
import { say, slackStandIn } from '../../stand-ins/slack.ts';

/** The words a reader of the channel sees. */
function readable(body: string): string {
  const texts: string[] = [];
  JSON.parse(body, (key, value) => {
    if (key === 'text' && typeof value === 'string')
      texts.push(value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
    return value;
  });
  return texts.join('\n');
}

notifierContract('slack', async (context) => {
  const { webhook, bodies, answers, close } = await slackStandIn(context);
  return {
    notifier: slackNotifier({ webhook, timeoutSeconds: 0.5 }),
    arrived: () => bodies.map(readable),
    async fail(how) {
      answers.length = 0;
      if (how === 'down') return close();
      if (how === 'refuse') answers.push(say(403, 'invalid_token'));
      if (how === 'hang') answers.push(() => {});
      if (how === 'cut') answers.push((response) => response.socket?.destroy());
    },
  };
});

test('slack: each refusal is told with its word, and never with the address', async (context) => {
  const { webhook, answers } = await slackStandIn(context);
  const refusals = [
    [400, 'invalid_payload', 'slack-refused', 'user'],
    [403, 'action_prohibited', 'slack-refused', 'user'],
    [404, 'no_service', 'slack-refused', 'user'],
    [410, 'channel_is_archived', 'slack-refused', 'user'],
    [302, 'elsewhere', 'slack-refused', 'user'],
    [500, `error at ${webhook}`, 'slack-unreachable', 'world'],
  ] as const;
  for (const [status, word, code, fault] of refusals) {
    answers[0] = say(status, word);
    await assert.rejects(slackNotifier({ webhook }).send(message, signal), (error: Error & { code: string; fault: string }) => {
      assert.deepEqual([error.code, error.fault], [code, fault], String(error));
      assert.ok(error.message.includes(String(status)));
      if (status !== 500) assert.ok(error.message.includes(word), error.message);
      assert.ok(!`${error.message}${error.stack}`.includes('secretpart'));
      return true;
    });
  }
});

test('slack: a redirection is not followed', async (context) => {
  const elsewhere = await slackStandIn(context);
  const { webhook, answers } = await slackStandIn(context);
  answers.push(say(307, '', { location: elsewhere.webhook }));
  await assert.rejects(slackNotifier({ webhook }).send(message, signal), { fault: 'user', code: 'slack-refused', message: /307/ });
  assert.deepEqual(elsewhere.bodies, []);
});

test('slack: 429 is tried again after the time it asks for, three times at most, and not when that is long', async (context) => {
  const { webhook, bodies, answers } = await slackStandIn(context);
  const slow = say(429, 'rate_limited', { 'retry-after': '0' });
  let asked = 0;
  answers.push(slow, slow, (response) => {
    asked += 1;
    response.end('ok');
  });
  await slackNotifier({ webhook }).send(message, signal);
  assert.equal(asked, 1);
  answers.splice(0, answers.length, slow);
  await assert.rejects(slackNotifier({ webhook }).send(message, signal), { fault: 'world', code: 'slack-rate-limited' });
  answers.splice(0, answers.length, say(429, '', { 'retry-after': '3600' }));
  await assert.rejects(slackNotifier({ webhook }).send(message, signal), { code: 'slack-rate-limited', message: /wait 3600 s/ });
  assert.deepEqual(bodies, []);
});

test('slack: a webhook must be an https address, and is not shown', () => {
  for (const webhook of [
    '',
    'hooks.slack.com/secretpart',
    'http://hooks.slack.com/secretpart',
    'ftp://x/secretpart',
    'javascript:secretpart',
  ]) {
    assert.throws(
      () => slackNotifier({ webhook }),
      (error: Error & { code: string }) => error.code === 'bad-webhook' && !error.message.includes('secretpart'),
    );
  }
});

test('slack: nothing from data becomes a mention, a link or a control sequence', () => {
  const payload = slackPayload({
    subject: '<!channel> & <@U1>',
    text: '<!here> <https://evil.example|click>',
    facts: [['<!everyone>', '<#C1>']],
    links: [
      { name: 'x|y>z', url: 'https://example.org/?q=<!channel>|x' },
      { name: '<!channel>', url: 'javascript:alert(1)' },
    ],
    tone: 'neutral',
  });
  const found: { type: string; text: string }[] = [];
  JSON.parse(JSON.stringify(payload), (_, value) => {
    if (typeof value?.text === 'string' && typeof value.type === 'string') found.push(value);
    return value;
  });
  assert.equal(payload.text, 'ℹ️ &lt;!channel&gt; &amp; &lt;@U1&gt;');
  const controls = found.filter(({ type }) => type === 'mrkdwn').flatMap(({ text }) => text.match(/<[^>]*>/g) ?? []);
  assert.deepEqual(controls, ['<https://example.org/?q=%3C!channel%3E%7Cx|x¦y&gt;z>']);
  assert.ok(found.every((each) => each.type === 'plain_text' || ('verbatim' in each && each.verbatim === true)));
});

test('slack: every limit of its blocks is kept', () => {
  const long = 'words and 😀 more\n'.repeat(5_000);
  const links = Array.from({ length: 200 }, (_, i) => ({ name: `link ${i}`, url: `https://example.org/${'x'.repeat(100)}/${i}` }));
  const facts = Array.from({ length: 700 }, (_, i) => [`${i} ${long}`, `&&&&${long}`] as const);
  const { text, blocks } = slackPayload({ subject: long, text: long, facts, links, tone: 'bad' });
  assert.ok(text.length <= 40_000 && blocks.length <= 50);
  for (const block of blocks as { type: string; text?: { text: string }; fields?: { text: string }[] }[]) {
    assert.ok((block.text?.text.length ?? 0) <= (block.type === 'header' ? 150 : 3_000));
    assert.ok((block.fields?.length ?? 0) <= 10);
    for (const field of block.fields ?? []) assert.ok(field.text.length <= 2_000);
    assert.ok(JSON.stringify(block).isWellFormed());
    assert.doesNotMatch(JSON.stringify(block), /\\ud[89a-f]/);
  }
});
