import { join } from 'node:path';
import { z } from 'zod';
import { faultOf } from '../../kernel/errors.ts';
import { wired } from '../../kernel/inputs.ts';
import { readManifest } from '../../kernel/run-folder.ts';
import { defineStage } from '../../kernel/stage.ts';
import { passed, skipped } from '../../kernel/verdict.ts';
import { notifierInputs, notifiers } from '../../providers/notifiers/notifier.ts';
import { checkTemplate, renderMessage } from '../../report/message.ts';

/** How a run ended, in the words of `notify.on`. */
const EVENTS = ['success', 'refusal', 'failure', 'cancel', 'skip'] as const;

export const notify = defineStage({
  name: 'notify',
  summary: 'Tell people how the run ended: once, at the end.',
  inputs: {
    on: z
      .array(z.enum(EVENTS))
      .default(['success', 'refusal', 'failure', 'cancel'])
      .describe('Endings that are told: success, refusal, failure, cancel, skip.'),
    subject: z
      .string()
      .optional()
      .describe('First line of the message, with placeholders such as `{model}`, `{verdict}`. Absent: model and verdict.'),
    text: z
      .string()
      .optional()
      .describe(
        'Text of the message, with placeholders such as `{sentence}`, `{version}`, `{metric.auc_roc}`. Absent: what happened and why.',
      ),
    ...notifierInputs,
    run: wired('run.folder', z.string().describe('Folder of the run, with run.json.')),
  },
  outputs: {
    sent: 'Number of notifiers that took the message.',
  },
  needs: { notifiers },
  check: ({ subject, text }) => checkTemplate({ subject, text }),

  async run({ on, subject, text, run }, { notifiers }, { signal, log }) {
    if (notifiers.length === 0) return { verdict: skipped('no-notifier', 'No notifier is configured.'), found: 'nobody to tell' };
    const manifest = await readManifest(join(run, 'run.json'));
    const event = {
      passed: 'success',
      refused: 'refusal',
      errored: 'failure',
      cancelled: 'cancel',
      skipped: 'skip',
      submitted: 'skip',
      running: 'failure',
    }[manifest.outcome] as (typeof EVENTS)[number];
    if (!on.includes(event))
      return { verdict: skipped('not-asked', `notify.on does not name ${event}.`), found: `not asked to tell about ${event}` };

    const message = renderMessage(manifest, { subject, text });
    const told: string[] = [];
    for (const notifier of notifiers.filter(({ unfit }) => unfit === undefined)) {
      try {
        await notifier.send(message, signal);
        told.push(notifier.name);
      } catch (error) {
        // A notifier that is down is no reason for a red run: the record says so.
        if (signal.aborted || faultOf(error) === 'ours') throw error;
        log.warn('notifier-failed', `${notifier.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    // What the user must mend is an error, once the others have been told.
    const unfit = notifiers.find((notifier) => notifier.unfit)?.unfit;
    if (unfit) throw unfit;
    return { verdict: passed, found: told.length > 0 ? `told ${told.join(', ')}` : 'nobody could be told', outputs: { sent: told.length } };
  },
});
