import type { StageRecord } from './record.ts';

/** Takes secrets out of a text; `value`: out of one that programs read again. */
export type Redact = (text: string, what?: 'value') => string;

/** A record without secrets in what came from outside: inputs, outputs, names of columns and groups, sentences. Words of our own stay. */
export function redactRecord(record: StageRecord, redact: Redact): StageRecord {
  const value = (text: string): string => redact(text, 'value');
  const deep = (found: unknown): unknown => {
    if (typeof found === 'string') return value(found);
    if (Array.isArray(found)) return found.map(deep);
    if (typeof found !== 'object' || found === null) return found;
    return Object.fromEntries(Object.entries(found).map(([key, each]) => [value(key), deep(each)]));
  };
  const named = <T extends { readonly slice?: string; readonly column?: string }>(each: T): T => ({
    ...each,
    ...(each.slice !== undefined && { slice: value(each.slice) }),
    ...(each.column !== undefined && { column: value(each.column) }),
  });
  const reasoned = <T extends { readonly text: string }>(reason: T): T => ({ ...reason, text: redact(reason.text) });
  const { verdict, comparison, error } = record;
  return {
    ...record,
    inputs: deep(record.inputs) as StageRecord['inputs'],
    outputs: Object.fromEntries(
      Object.entries(record.outputs).map(([name, each]) => [name, typeof each === 'string' ? value(each) : each]),
    ),
    found: redact(record.found),
    ...(verdict && { verdict: verdict.kind === 'passed' ? verdict : { ...verdict, reason: reasoned(verdict.reason) } }),
    metrics: record.metrics.map(named),
    gates: record.gates.map((gate) => ({ ...named(gate), ...(gate.reason !== undefined && { reason: redact(gate.reason) }) })),
    ...(comparison && { comparison: { ...comparison, ...(comparison.reason && { reason: reasoned(comparison.reason) }) } }),
    tables: deep(record.tables) as StageRecord['tables'],
    curves: deep(record.curves) as StageRecord['curves'],
    warnings: record.warnings.map(reasoned),
    ...(error && { error: { ...error, message: redact(error.message), ...(error.todo !== undefined && { todo: redact(error.todo) }) } }),
  };
}
