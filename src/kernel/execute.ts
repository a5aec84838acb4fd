import { lstat } from 'node:fs/promises';
import type { z } from 'zod';
import { withDeadline } from './deadline.ts';
import { digestPath } from './digest.ts';
import { type Fault, faultOf } from './errors.ts';
import { emptyRecord, type FileRef, type StageRecord } from './record.ts';
import { type Redact, redactRecord } from './redact-record.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import type { Context, InputShape, Log, OutputValue, ProvidersOf, RunFacts, Slots, Stage, StageResult } from './stage.ts';
import { openStageFiles } from './stage-files.ts';
import { Submitted } from './submitted.ts';

export interface ReadyInputs<Shape extends InputShape = InputShape> {
  readonly values: z.output<z.ZodObject<Shape>>;
  readonly shown: Readonly<Record<string, unknown>>;
}

export interface Execution<Shape extends InputShape = InputShape, Outputs extends string = string, Needs extends Slots = Slots> {
  readonly stage: Stage<Shape, Outputs, Needs>;
  /**
   * Complete and valid inputs, and how the record shows those that are files (by digest, not by a path of this machine).
   * Asked once, before the first attempt; what it throws becomes the record's error.
   */
  readonly inputs: () => Promise<ReadyInputs<Shape>>;
  /** Made when the stage starts, once an attempt: only what `needs` names. */
  readonly providers: (inputs: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<ProvidersOf<Needs>>;
  readonly run: RunFacts;
  /** The stage's own folder and how the record names it (`files/<stage>`). */
  readonly folder: string;
  readonly folderUri: string;
  readonly policy: RetryPolicy & {
    readonly timeoutSeconds: number /** How long an attempt that was told to stop is waited for; 10 by default. */;
    readonly graceSeconds?: number;
  };
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly clock: () => Date;
  /** Takes secrets out of text before it is kept. */
  readonly redact?: Redact;
}

/**
 * Runs one stage to its record: validates, retries what can heal, bounds each attempt in time, digests what came out.
 * Never throws for what happens inside the stage: an error becomes a record with outcome `errored` or `cancelled`.
 */
export async function execute<Shape extends InputShape, Outputs extends string, Needs extends Slots>(
  execution: Execution<Shape, Outputs, Needs>,
): Promise<{ readonly record: StageRecord; readonly error?: unknown }> {
  const { stage, run, clock, signal, log, policy } = execution;
  const redact: Redact = execution.redact ?? ((text) => text);
  const started = clock();
  const clockStart = performance.now();
  const warnings: { code: string; text: string }[] = [];
  let attempt = 1;
  let shown: Record<string, unknown> = {};
  const elsewhere = new Map<string, () => Promise<void>>();
  const note: Context['elsewhere'] = (name, end) => void (end ? elsewhere.set(name, end) : elsewhere.delete(name));
  const endElsewhere = () => Promise.all([...elsewhere.values()].map((end) => end()));
  const keepingLog: Log = {
    ...log,
    warn(code, text) {
      warnings.push({ code, text });
      log.warn(code, text);
    },
  };
  const base = () => ({
    ...emptyRecord(run.id, stage.name, started.toISOString()),
    attempt,
    seconds: Math.round(performance.now() - clockStart) / 1000,
    inputs: shown,
    warnings,
  });

  try {
    const inputs = await execution.inputs();
    shown = plain({ ...inputs.values, ...inputs.shown });
    const result = await withRetries(
      async (number) => {
        attempt = number;
        const files = await openStageFiles(execution.folder);
        return withDeadline(
          async (attemptSignal) => {
            const providers = await execution.providers(inputs.values, attemptSignal);
            const context = { signal: attemptSignal, log: keepingLog, files, now: clock(), run, elsewhere: note };
            const found = await stage.run(inputs.values, providers, context);
            return { ...found, outputs: await digestOutputs(found, execution, attemptSignal) };
          },
          signal,
          policy.timeoutSeconds,
          policy.graceSeconds,
        );
      },
      policy,
      signal,
      (error, next) =>
        keepingLog.warn(
          'retried',
          `${stage.name}: ${messageOf(error)} Attempt ${next} of ${policy.retries + 1} in ${policy.delaySeconds} s.`,
        ),
    );
    await endElsewhere();
    return { record: redactRecord(completed(base(), result), redact) };
  } catch (error) {
    if (error instanceof Submitted && !signal.aborted)
      return { record: redactRecord({ ...base(), outcome: 'submitted', found: error.message }, redact) };
    const fault: Fault = signal.aborted ? 'cancelled' : faultOf(error);
    // Whoever goes on after a fault of the world finds what goes on.
    if (fault !== 'world') await endElsewhere();
    const record: StageRecord = {
      ...base(),
      outcome: fault === 'cancelled' ? 'cancelled' : 'errored',
      error: { code: codeOf(error, fault), message: messageOf(error), todo: todoOf(error), fault },
    };
    return { record: redactRecord(record, redact), error };
  }
}

async function digestOutputs(
  result: StageResult,
  execution: { readonly folder: string; readonly folderUri: string },
  signal: AbortSignal,
): Promise<Record<string, string | number | boolean | FileRef>> {
  const outputs: Record<string, string | number | boolean | FileRef> = {};
  for (const [name, value] of Object.entries(result.outputs ?? {}) as [string, OutputValue | undefined][]) {
    if (value === undefined) continue;
    if (typeof value !== 'object') outputs[name] = value;
    else {
      const path = `${execution.folder}/${value.file}`;
      await lstat(path);
      outputs[name] = {
        uri: `${execution.folderUri}/${value.file}`,
        ...(await digestPath(path, signal)),
        ...(value.stored && { stored: value.stored }),
      };
    }
  }
  return outputs;
}

function completed(
  base: Omit<StageRecord, 'outcome'>,
  result: Omit<StageResult, 'outputs'> & { readonly outputs: StageRecord['outputs'] },
): StageRecord {
  return {
    ...base,
    outcome: 'completed',
    verdict: result.verdict,
    endsRun: result.endsRun ?? false,
    found: result.found,
    outputs: result.outputs,
    metrics: [...(result.metrics ?? [])],
    gates: [...(result.gates ?? [])],
    comparison: result.comparison,
    tables: [...(result.tables ?? [])],
    curves: [...(result.curves ?? [])],
  };
}

/** Through JSON, so that dates and the like look in memory as they will on disk. */
const plain = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function codeOf(error: unknown, fault: Fault): string {
  if (fault === 'cancelled') return 'cancelled';
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code.toLowerCase();
  return fault === 'ours' ? 'internal' : fault;
}

function todoOf(error: unknown): string | undefined {
  return error instanceof Error && 'todo' in error && typeof error.todo === 'string' ? error.todo : undefined;
}
