import { BadInput } from '../bad-input.ts';
import { compileExpression } from '../expression/compile.ts';
import { columnsOf, parseExpression } from '../expression/syntax.ts';
import { cellText, columnIndex, HashList, hashKey, keyText } from '../row-keys.ts';
import { SplitMembers } from '../split-members.ts';
import type { Batch, Schema, Table } from '../table.ts';
import type { CheckOptions } from './check-options.ts';
import { type Judge, Tally } from './judge.ts';
import type { RulesSpec } from './rules-schema.ts';

export function judgeExpression(rule: RulesSpec['expressions'][number], schema: Schema, limit: number): Judge {
  const {
    expression: source,
    name,
    mostly,
    severity,
  } = typeof rule === 'string' ? { expression: rule, name: undefined, mostly: 1, severity: 'error' as const } : rule;
  const node = parseExpression(source);
  const compiled = compileExpression(node, { source, schema });
  if (compiled.type !== 'boolean')
    throw new BadInput('bad-rule', `The expression ${JSON.stringify(source)} is a ${compiled.type}, expected a condition.`);
  const columns = [...columnsOf(node)];
  const tally = new Tally({ id: `expression: ${name ?? source}`, rule: 'expression', columns, expected: source, severity, mostly }, limit);
  return {
    add: (batch) => {
      const { values } = compiled.evaluate(batch);
      for (let row = 0; row < batch.rows; row++) {
        if (Number.isNaN(values[row]!)) {
          tally.missing++;
          continue;
        }
        tally.checked++;
        if (values[row] !== 0) continue;
        tally.failed++;
        if (!tally.full) tally.example(batch, row, cellsText(batch, columns, row));
      }
    },
    finish: (rows) => tally.result(rows),
  };
}

function cellsText(batch: Batch, columns: readonly string[], row: number): string {
  return columns
    .map((name) => {
      const position = batch.schema.findIndex((field) => field.name === name);
      return `${name} = ${cellText(batch.columns[position]!, batch.schema[position]!, row) ?? '(missing)'}`;
    })
    .join(', ');
}

export async function judgeReference(
  rule: RulesSpec['references'][number],
  table: Table,
  { references, signal }: CheckOptions,
  limit: number,
): Promise<Judge> {
  const other = references?.get(rule.to);
  if (!other) throw new RangeError(`No table was given for the reference to "${rule.to}".`);
  const theirs = rule['to-columns'] ?? rule.columns;
  if (theirs.length !== rule.columns.length)
    throw new BadInput('bad-rule', `references: ${rule.columns.length} columns cannot refer to ${theirs.length}.`);
  const mine = rule.columns.map((name) => columnIndex(table.schema, name, table.name));
  for (const name of theirs) columnIndex(other.schema, name, other.name);
  const hashes = new HashList();
  const positions = theirs.map((_, position) => position);
  for await (const batch of other.batches({ columns: theirs, ...(signal && { signal }) })) {
    for (let row = 0; row < batch.rows; row++) {
      const text = keyText(batch, positions, row);
      if (text === undefined) continue;
      const { high, low } = hashKey('value', text);
      hashes.push(high, low);
    }
  }
  const known = new SplitMembers('value', theirs, hashes.sorted());
  const { severity, mostly, columns } = rule;
  const expected = `a value that stands in ${theirs.join(', ')} of ${rule.to}`;
  const tally = new Tally(
    { id: `${columns.join(', ')}: reference to ${rule.to}`, rule: 'reference', columns, expected, severity, mostly },
    limit,
  );
  return {
    add: (batch) => {
      for (let row = 0; row < batch.rows; row++) {
        const text = keyText(batch, mine, row);
        if (text === undefined) {
          tally.missing++;
          continue;
        }
        tally.checked++;
        if (known.has(text)) continue;
        tally.failed++;
        if (!tally.full) tally.example(batch, row, text.replaceAll('\u001f', ' | '));
      }
    },
    finish: (rows) => tally.result(rows),
  };
}
