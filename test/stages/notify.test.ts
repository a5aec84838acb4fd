import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { WorldError } from '../../src/kernel/errors.ts';
import type { Notifier } from '../../src/providers/notifiers/notifier.ts';
import { openNotifiers } from '../../src/providers/notifiers/open-notifiers.ts';
import { notify } from '../../src/stages/notify/stage.ts';
import { promoted } from '../report/fixtures.ts';

type Run = typeof notify.run;

/** Runs the stage over a manifest; gives what it found, what was sent and what it warned of. */
async function told(on: readonly string[], down: readonly string[] = [], names: readonly string[] = ['slack', 'mail']) {
  const run = await mkdtemp(join(tmpdir(), 'retrain-notify-'));
  try {
    await writeFile(join(run, 'run.json'), JSON.stringify(promoted));
    const sent: string[] = [];
    const warnings: string[] = [];
    const notifiers = names.map(
      (name): Notifier => ({
        name,
        send: async (message) => {
          if (down.includes(name)) throw new WorldError('unreachable', 'The server is down.');
          sent.push(`${name}: ${JSON.stringify(message)}`);
        },
      }),
    );
    const context = {
      signal: new AbortController().signal,
      log: { info: () => undefined, progress: () => undefined, warn: (code: string) => void warnings.push(code) },
    };
    const found = await notify.run(
      { on, run } as unknown as Parameters<Run>[0],
      { notifiers } as Parameters<Run>[1],
      context as unknown as Parameters<Run>[2],
    );
    return { found, sent, warnings };
  } finally {
    await rm(run, { recursive: true });
  }
}

test('everybody named is told once how the run ended, with model and version', async () => {
  const { found, sent } = await told(['success']);
  assert.equal(found.verdict.kind, 'passed');
  assert.equal(sent.length, 2);
  assert.match(sent[0] as string, new RegExp(promoted.model));
});

test('an ending nobody asked about, and nobody to tell, are skips', async () => {
  const quiet = await told(['failure']);
  assert.deepEqual([quiet.found.verdict.kind === 'skipped' && quiet.found.verdict.reason.code, quiet.sent.length], ['not-asked', 0]);
  const alone = await told(['success'], [], []);
  assert.equal(alone.found.verdict.kind === 'skipped' && alone.found.verdict.reason.code, 'no-notifier');
});

test('a notifier that is down is a warning, and the others are told all the same', async () => {
  const { found, sent, warnings } = await told(['success'], ['slack']);
  assert.deepEqual([found.verdict.kind, found.outputs?.sent, sent.length, warnings], ['passed', 1, 1, ['notifier-failed']]);
});

test('a notifier whose secret is missing keeps no other from sending, and is named afterwards', async () => {
  const run = await mkdtemp(join(tmpdir(), 'retrain-notify-'));
  try {
    await writeFile(join(run, 'run.json'), JSON.stringify(promoted));
    const email = { to: ['a@example.org'], from: 'b@example.org', host: 'localhost', tls: 'none' } as const;
    const [slack, smtp] = await openNotifiers({ slack: true, email: { ...email, to: [...email.to] } }, {}, run);
    const sent: string[] = [];
    const notifiers = [slack!, { ...smtp!, send: async () => void sent.push('smtp') }];
    const context = {
      signal: new AbortController().signal,
      log: { info: () => undefined, progress: () => undefined, warn: () => undefined },
    };
    const telling = notify.run({ on: ['success'], run } as never, { notifiers }, context as never);
    await assert.rejects(telling, { code: 'missing-secret', message: /SLACK_WEBHOOK_URL/ });
    assert.deepEqual(sent, ['smtp']);
  } finally {
    await rm(run, { recursive: true });
  }
});
