import type { RecordTable } from '../../kernel/record.ts';
import { findLeakage, type LeakageFinding } from '../../tables/leakage.ts';
import type { Split } from '../../tables/split.ts';
import type { Table } from '../../tables/table.ts';
import type { LeakageInputs } from './inputs.ts';

interface Facts {
  readonly leakage: LeakageInputs;
  readonly target: { readonly column: string };
  readonly drop: readonly string[];
  readonly texts: readonly string[];
}

/** Findings as the record keeps them. */
export async function checkLeakage(
  table: Table,
  split: Split,
  { leakage, target, drop, texts }: Facts,
  key: string,
  signal: AbortSignal,
): Promise<{ readonly findings: readonly LeakageFinding[]; readonly tables: readonly RecordTable[] }> {
  if (leakage['on-leakage'] === 'off') return { findings: [], tables: [] };
  const findings = await findLeakage(table, split, {
    target: target.column,
    entities: leakage.entities,
    texts,
    notFeatures: [key, ...drop],
    signal,
  });
  if (findings.length === 0) return { findings, tables: [] };
  return {
    findings,
    tables: [
      {
        name: 'leakage',
        title: 'Leakage',
        columns: ['kind', 'columns', 'finding'],
        rows: findings.slice(0, 100).map(({ kind, columns, text }) => [kind, columns.join(', '), text]),
      },
    ],
  };
}
