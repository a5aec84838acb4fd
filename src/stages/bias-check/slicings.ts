import { crossSlices, type Slicing, sliceByEdges, sliceByValue } from '../../metrics/slices.ts';
import { BadInput } from '../../tables/bad-input.ts';
import { collect } from '../../tables/memory-table.ts';
import { cellText } from '../../tables/row-keys.ts';
import type { Table } from '../../tables/table.ts';
import type { BiasInputs } from './inputs.ts';

// A slice by an identifier would be a table of one-row groups.
const GROUPS_MAX = 200;

interface Wanted {
  readonly slices: BiasInputs['slices'];
  readonly cross: readonly (readonly [string, string])[];
}

/** The groups of each slice and crossing, aligned with the rows of the table. */
export async function slicingsOf(table: Table, { slices, cross }: Wanted, signal: AbortSignal): Promise<Slicing[]> {
  const columns = [...new Set(slices.map(({ column }) => column))];
  const held = await collect(table, columns, signal);
  const made = slices.map(({ column, edges }): Slicing => {
    const field = held.schema.find(({ name }) => name === column)!;
    if (edges) return sliceByEdges(column, held.numbers(column).values, edges, { wholeNumbers: field.type === 'integer' });
    const values = held.column(column);
    const texts = Array.from({ length: held.rows }, (_, row) => cellText(values, field, row));
    const slicing = sliceByValue(column, encoded(texts));
    if (slicing.groups.length > GROUPS_MAX) {
      throw new BadInput(
        'too-many-groups',
        `has ${slicing.groups.length} different values; at most ${GROUPS_MAX} groups are judged.`,
        { file: table.name, column },
        `Give it edges: { column: ${column}, edges: [...] }.`,
      );
    }
    return slicing;
  });
  for (const [a, b] of cross) made.push(crossSlices(named(made, a, table), named(made, b, table)));
  return made;
}

function named(slicings: readonly Slicing[], name: string, table: Table): Slicing {
  const found = slicings.find((slicing) => slicing.name === name);
  if (!found)
    throw new BadInput('unknown-slice', `bias-check.cross names "${name}", which bias-check.slices does not.`, { file: table.name });
  return found;
}

/** Codes into a dictionary; -1 is missing. */
function encoded(texts: readonly (string | undefined)[]): { codes: Int32Array; dictionary: string[] } {
  const dictionary = new Map<string, number>();
  const codes = Int32Array.from(texts, (text) => {
    if (text === undefined) return -1;
    const known = dictionary.get(text) ?? dictionary.size;
    dictionary.set(text, known);
    return known;
  });
  return { codes, dictionary: [...dictionary.keys()] };
}
