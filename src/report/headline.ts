import type { Tone } from './document.ts';
import { count, duration, estimate, instant } from './numbers.ts';
import { candidateMetrics, comparisonOf, type Metric, type Run, recordOf, secondsOf } from './run.ts';

export interface Headline {
  readonly tone: Tone;
  /** One word: Promoted, Kept back, Refused, Skipped, Failed, Cancelled, Running, Submitted, Passed. */
  readonly word: string;
  /** What happened and why; ends with a full stop. */
  readonly sentence: string;
}

/** The verdict on the run, before anything else is said. */
export function headlineOf(run: Run): Headline {
  const reason = reasonOf(run);
  switch (run.outcome) {
    case 'passed':
      return passedHeadline(run, reason);
    case 'refused':
      return { tone: 'bad', word: 'Refused', sentence: reason ?? 'A verdict said no; the champion stays.' };
    case 'skipped':
      return { tone: 'unsure', word: 'Skipped', sentence: reason ?? 'There was nothing to do.' };
    case 'errored':
      return { tone: 'bad', word: 'Failed', sentence: reason ?? 'A stage failed.' };
    case 'cancelled':
      return { tone: 'unsure', word: 'Cancelled', sentence: reason ?? 'The run was cancelled; the champion stays.' };
    case 'submitted':
      return { tone: 'unsure', word: 'Submitted', sentence: reason ?? 'The training job runs on its own; a later run goes on with it.' };
    case 'running':
      return { tone: 'unsure', word: 'Running', sentence: 'The run has not ended yet.' };
  }
}

function passedHeadline(run: Run, reason: string | undefined): Headline {
  const version = run.version === undefined ? 'The candidate' : `Version ${run.version}`;
  if (run.promoted) {
    const before = comparisonOf(run);
    const after = before ? ` in place of version ${before.champion}` : ': the first, so the gates alone decided';
    return { tone: 'good', word: 'Promoted', sentence: `${version} of ${run.model} is the champion${after}.` };
  }
  const promote = recordOf(run, 'promote');
  if (promote?.verdict && promote.verdict.kind !== 'passed') {
    return {
      tone: 'unsure',
      word: 'Kept back',
      sentence: `${version} passed its gates and is not promoted: ${promote.verdict.reason.text}`,
    };
  }
  return { tone: 'good', word: 'Passed', sentence: reason ?? 'Every stage that ran has passed.' };
}

/** Why the run ended as it did: its own reason, else that of the stage that stopped it. */
function reasonOf(run: Run): string | undefined {
  if (run.reason) return run.reason.text;
  const stopped = run.records.findLast(
    (record) => record.error !== undefined || (record.verdict !== undefined && record.verdict.kind !== 'passed'),
  );
  if (stopped?.error) return `${stopped.stage}: ${stopped.error.message}`;
  return stopped?.verdict && stopped.verdict.kind !== 'passed' ? stopped.verdict.reason.text : undefined;
}

/** Name of the primary metric: that of the comparison, else the first gate's, else the first figure's. */
export function primaryMetric(run: Run): Metric | undefined {
  const metrics = candidateMetrics(run);
  const inputs = recordOf(run, 'evaluate')?.inputs;
  const name =
    comparisonOf(run)?.primary?.metric ??
    (typeof inputs?.primary === 'string' ? inputs.primary : undefined) ??
    recordOf(run, 'evaluate')?.gates[0]?.name;
  return metrics.find((metric) => metric.name === name) ?? metrics[0];
}

/** What stands beside the headline. */
export function headlineFacts(run: Run): readonly (readonly [name: string, value: string])[] {
  const facts: [string, string][] = [['Model', run.model]];
  if (run.version !== undefined) facts.push(['Version', String(run.version)]);
  const winner = recordOf(run, 'train')?.outputs.algorithm;
  if (typeof winner === 'string') facts.push(['Algorithm', winner]);
  const primary = primaryMetric(run);
  if (primary?.value !== undefined) facts.push([primary.name, `${estimate(primary.value, primary.interval)} (n = ${count(primary.n)})`]);
  facts.push(['Logical date', run.logicalDate], ['Started', instant(run.started)]);
  if (run.outcome !== 'running') facts.push(['Took', duration(secondsOf(run))]);
  if (run.owner !== undefined) facts.push(['Owner', run.owner]);
  facts.push(['Run', run.id]);
  return facts;
}
