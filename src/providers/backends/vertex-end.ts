import { z } from 'zod';
import { Cancelled, type FaultyError, TimedOut, UserError, WorldError } from '../../kernel/errors.ts';
import type { StateEvent } from './backend.ts';
import { defused, LINE_CHARS_MAX } from './hostile-text.ts';
import { failureOf } from './trainer-failure.ts';
import { type CustomJob, consoleLink, stateOf } from './vertex-job.ts';

/** `failure.json`, as `retrain_trainers.remote` writes it. */
export const failureSchema = z.object({
  attempt: z.int().min(1),
  exitCode: z.int(),
  signal: z.string().max(20).optional(),
  tail: z.array(z.string().transform((line) => line.slice(0, LINE_CHARS_MAX))).max(100),
  timedOut: z.boolean().default(false),
});
export type RemoteFailure = z.infer<typeof failureSchema>;

/** gRPC's number; Vertex AI gives it to a job whose container ended with an error of its own. */
const INVALID_ARGUMENT = 3;

/** How a job that did not succeed ended: whose fault it is, its last lines, and where to look further. */
export function failedState(
  job: CustomJob,
  what: { readonly failure?: RemoteFailure; readonly lastLines: readonly string[]; readonly seconds: number },
): StateEvent {
  const state = stateOf(job) === 'JOB_STATE_CANCELLED' ? 'cancelled' : 'failed';
  const cause = causeOf(job, what);
  const exitCode = what.failure?.exitCode;
  return { kind: 'state', state, error: cause.message, ...(exitCode === undefined ? {} : { exitCode }), cause };
}

function causeOf(
  job: CustomJob,
  { failure, lastLines, seconds }: { readonly failure?: RemoteFailure; readonly lastLines: readonly string[]; readonly seconds: number },
): Error & FaultyError {
  const link = `\n${consoleLink(job.name ?? '')}`;
  const said = defused(job.error?.message ?? '');
  switch (stateOf(job)) {
    case 'JOB_STATE_CANCELLED':
      return new Cancelled(`The job ${job.displayName} was cancelled.${link}`);
    case 'JOB_STATE_EXPIRED':
      return new TimedOut(`The job ${job.displayName} was ended by Vertex AI: it was not done ${seconds} s after its start.${link}`, {
        todo: 'Give train more time (train.timeout), a faster machine (train.machine), or less to do.',
      });
  }
  const log = lastLines.length === 0 ? '' : `\nThe last lines of its log:\n${lastLines.join('\n')}`;
  if (failure === undefined) {
    const text = `The job ${job.displayName} failed${said === '' ? '' : `: ${said}`}${log}${link}`;
    // The container itself ended with an error, before the trainer began: its packages do not fit the image, or the image not the job.
    if (job.error?.code === INVALID_ARGUMENT)
      return new UserError('vertex-job-failed', text, {
        todo: 'Its log in the console says why: packages that the image cannot take, or a bucket its account cannot read.',
      });
    return new WorldError('vertex-job-failed', text, { todo: 'Look at its log in the console; run again if the machine was at fault.' });
  }
  if (failure.timedOut)
    return new TimedOut(`The trainer ran past its time and was stopped.${log}${link}`, {
      todo: 'Give train more time, or train less: fewer trials, folds or rows.',
    });
  const { signal } = failure;
  const explained = failureOf({ code: failure.exitCode, ...(signal !== undefined && { signal }) }, failure.tail.map(defused));
  const restarts = failure.attempt > 1 ? ` Vertex AI had started it ${failure.attempt} times.` : '';
  const options = { ...(explained.todo !== undefined && { todo: explained.todo }), cause: explained };
  const text = `${explained.message}${restarts}${log}${link}`;
  return explained.fault === 'world' ? new WorldError(explained.code, text, options) : new UserError(explained.code, text, options);
}
