import { join } from 'node:path';
import { type Fault, faultOf, InvalidInputs, problemLine } from '../../kernel/errors.ts';
import { EXIT, exitCodeOf, outcomeOf } from '../../kernel/flow.ts';
import type { Manifest, StageRecord } from '../../kernel/record.ts';
import { runFolder } from '../../kernel/run-folder.ts';
import type { Reason } from '../../kernel/verdict.ts';
import { markdownBlock, markdownText } from '../../report/escape.ts';
import { jobSummary } from '../../report/summary.ts';
import type { RunRequest } from '../run.ts';
import { endingOf } from './log-view.ts';
import { logLines, type Runner } from './runner.ts';

// GitHub shows ten annotations of each kind a step, of 4,096 characters each; the rest stays in the log.
const ANNOTATIONS_MAX = 10;
const ANNOTATION_CHARACTERS_MAX = 4_000;

type Published = Pick<RunRequest, 'home' | 'pipeline'> & { readonly warnings: readonly Reason[] };

/** Outputs and summary of a stage that ran or was left out; then what is wrong. Gives the exit code. */
export async function publishRun(runner: Runner, stage: string, request: Published, manifest: Manifest): Promise<number> {
  const folder = runFolder(request.home, manifest.id);
  runner.output('run-id', manifest.id);
  runner.output('run-folder', folder);
  const record = manifest.records.find((one) => one.stage === stage);
  if (!record) {
    runner.output('outcome', 'not-run');
    runner.output('verdict', 'skipped');
    const { reason } = outcomeOf(manifest.records);
    if (reason) runner.output('reason', reason.code);
    return EXIT.fine;
  }

  for (const [name, value] of Object.entries(record.outputs)) {
    runner.output(name, typeof value === 'object' ? join(folder, value.uri) : String(value));
    // A job elsewhere cannot read that path.
    if (typeof value === 'object' && value.stored && !(`${name}-uri` in record.outputs)) runner.output(`${name}-uri`, value.stored.uri);
  }
  runner.output('record', join(folder, 'records', `${stage}.json`));
  runner.output('outcome', record.outcome);
  if (record.verdict) runner.output('verdict', record.verdict.kind);
  const reason = record.verdict && record.verdict.kind !== 'passed' ? record.verdict.reason.code : record.error?.code;
  if (reason !== undefined) runner.output('reason', reason);
  await runner.summarise(summaryOf(stage, request, manifest, record));

  for (const { code, text } of [...request.warnings, ...record.warnings].slice(0, ANNOTATIONS_MAX))
    annotate(runner, 'warning', text, { title: `${stage}: ${code}` });
  const own = outcomeOf([record]).outcome;
  if (own === 'refused' || own === 'errored') {
    annotate(runner, 'error', endingOf(record), { title: `${stage}: ${record.error?.code ?? reason ?? own}` });
  }
  return exitCodeOf({ outcome: own, records: [record] });
}

/** The whole report where it belongs to one action: alone, or of the stage that reports. Elsewhere a line, and more when it says no. */
function summaryOf(stage: string, { pipeline }: Published, manifest: Manifest, record: StageRecord): string {
  if (pipeline !== undefined && stage === 'report') return jobSummary({ ...manifest, outcome: outcomeOf(manifest.records).outcome });
  const { outcome } = outcomeOf([record]);
  if (pipeline !== undefined && (outcome === 'passed' || outcome === 'skipped')) {
    return `${outcome === 'passed' ? '✅' : '⚠️'} **${stage}**: ${markdownText(endingOf(record))}\n`;
  }
  return jobSummary({ ...manifest, model: `${manifest.model === stage ? '' : `${manifest.model} `}${stage}`, outcome, records: [record] });
}

/** What went wrong before or beside the stage: outputs and summary, then the reason at the place it has. Gives the exit code. */
export async function publishError(runner: Runner, stage: string, error: unknown, cancelled: boolean): Promise<number> {
  const fault: Fault = cancelled ? 'cancelled' : faultOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const todo = error instanceof Error && 'todo' in error && typeof error.todo === 'string' ? error.todo : undefined;
  const code = fault === 'cancelled' ? 'cancelled' : error instanceof Error && 'code' in error ? String(error.code).toLowerCase() : fault;
  runner.output('outcome', fault === 'cancelled' ? 'cancelled' : 'errored');
  runner.output('reason', code);
  const shown = `${message}${todo === undefined ? '' : `\n${todo}`}`;
  await runner.summarise(
    `## ❌ ${stage}: ${fault === 'cancelled' ? 'cancelled' : 'failed'}\n\n${markdownBlock(shown.slice(0, 100_000))}\n`,
  );

  for (const line of logLines(shown)) runner.write(line);
  if (fault === 'ours') {
    runner.write('A fault of Retrain: please report it with this trace.');
    for (const line of logLines(error instanceof Error ? (error.stack ?? '') : '')) runner.write(line);
  }
  if (error instanceof InvalidInputs) annotateProblems(runner, stage, error);
  else if (fault !== 'cancelled') annotate(runner, 'error', shown, { title: `${stage}: ${code}` });
  return { user: EXIT.user, world: EXIT.world, ours: EXIT.ours, cancelled: EXIT.cancelled }[fault];
}

function annotateProblems(runner: Runner, stage: string, { problems }: InvalidInputs): void {
  for (const problem of problems.slice(0, ANNOTATIONS_MAX)) {
    const inFile = problem.line !== undefined && problem.file !== undefined;
    annotate(runner, 'error', problemLine(problem).trim(), {
      title: `${stage}: invalid inputs`,
      ...(inFile && { file: problem.file, line: problem.line, column: problem.column }),
    });
  }
}

function annotate(
  runner: Runner,
  kind: 'error' | 'warning',
  message: string,
  place: { readonly title: string; readonly file?: string; readonly line?: number; readonly column?: number },
): void {
  const text = logLines(message).join('\n');
  const cut = text.length <= ANNOTATION_CHARACTERS_MAX ? text : `${text.slice(0, ANNOTATION_CHARACTERS_MAX)}…`;
  runner.annotate(kind, cut, { ...place, title: logLines(place.title).join(' ') });
}
