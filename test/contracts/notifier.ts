import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Message, Notifier } from '../../src/providers/notifiers/notifier.ts';
import { patience } from './scratch.ts';

export const message: Message = {
  subject: 'churn: version 3 promoted',
  text: 'Better than version 2.\nAll gates passed.',
  facts: [
    ['AUC', '0.843 [0.821, 0.864]'],
    ['Rows', '1,409'],
  ],
  links: [{ name: 'Run', url: 'https://example.org/runs/1?a=1&b=2' }],
  tone: 'good',
};

const hostile: Message = {
  subject: 'x\r\nBcc: everyone@example.org\r\n\r\n<!channel> \u202egnp.exe \x1b[31m\0',
  text: '<!channel> <!here> <@U1> @everyone ![](http://evil.example/x) </details><script>alert(1)</script>\r\n.\r\nQUIT\u2028\x07',
  facts: [['__proto__', '<http://evil.example|click>\r\nX-Header: 1']],
  links: [
    { name: 'a|b>c', url: 'javascript:alert(1)' },
    { name: 'ok', url: 'https://example.org/a|b>c' },
  ],
  tone: 'bad',
};

export interface NotifierStandIn {
  readonly notifier: Notifier;
  /** Everything that arrived, as readable text, one entry a message. */
  arrived(): readonly string[];
  /** Makes the service behave badly from now on. */
  fail(how: 'hang' | 'cut' | 'refuse' | 'down'): Promise<void> | void;
}

export type MakeNotifier = (test: TestContext) => Promise<NotifierStandIn>;

/** What every notifier promises; see {@link Notifier}. Stand-ins are given a timeout of half a second. */
export function notifierContract(name: string, make: MakeNotifier): void {
  const proves = (promise: string, body: (given: NotifierStandIn, context: TestContext) => Promise<void>) =>
    test(`notifier ${name}: ${promise}`, async (context) => body(await make(context), context));

  proves('subject, text, facts and links arrive, once', async ({ notifier, arrived }) => {
    await notifier.send(message, patience);
    assert.equal(arrived().length, 1);
    for (const part of [
      'churn: version 3 promoted',
      'Better than version 2.',
      'All gates passed.',
      'AUC',
      '0.843 [0.821, 0.864]',
      '1,409',
      'example.org/runs/1?a=1',
    ]) {
      assert.ok(arrived()[0]?.includes(part), `${part} is missing in:\n${arrived()[0]}`);
    }
  });

  proves('hostile text stays text', async ({ notifier, arrived }) => {
    await notifier.send(hostile, patience);
    assert.equal(arrived().length, 1);
    assert.doesNotMatch(arrived()[0] ?? '', /[\0-\x08\x0b\x0c\x0e-\x1f\u202e\u2028]/);
  });

  proves('a message far too long arrives cut', async ({ notifier, arrived }) => {
    const long = 'long words 😀 '.repeat(10_000);
    await notifier.send(
      { ...message, subject: long, text: long, facts: Array.from({ length: 1_000 }, (_, i) => [`fact ${i}`, long] as const) },
      patience,
    );
    assert.equal(arrived().length, 1);
  });

  proves('an empty message is still one', async ({ notifier, arrived }) => {
    await notifier.send({ subject: '', text: '', facts: [], links: [], tone: 'neutral' }, patience);
    assert.equal(arrived().length, 1);
  });

  proves('a service that hangs is given up', async ({ notifier, fail }) => {
    await fail('hang');
    await assert.rejects(notifier.send(message, patience), { fault: 'world', code: 'timed-out' });
  });

  proves('a connection that is cut, or none, is the world’s fault', async ({ notifier, fail }) => {
    await fail('cut');
    await assert.rejects(notifier.send(message, patience), { fault: 'world' });
    await fail('down');
    await assert.rejects(notifier.send(message, patience), { fault: 'world' });
  });

  proves('a refusal for good is the user’s to mend, and says what to do', async ({ notifier, fail, arrived }) => {
    await fail('refuse');
    await assert.rejects(notifier.send(message, patience), (error: Error & { fault: string; todo?: string }) => {
      assert.equal(error.fault, 'user', String(error));
      assert.ok(error.todo);
      return true;
    });
    assert.deepEqual(arrived(), []);
  });

  proves('a cancelled sending stops at once', async ({ notifier, fail, arrived }) => {
    await assert.rejects(notifier.send(message, AbortSignal.abort()), { name: 'AbortError' });
    await fail('hang');
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 50);
    await assert.rejects(notifier.send(message, cancel.signal), { name: 'AbortError' });
    assert.deepEqual(arrived(), []);
  });
}
