import { NumberList } from '../row-keys.ts';
import type { Table } from '../table.ts';
import { compileExpression } from './compile.ts';
import { type Fit, type Fits, fitKey } from './fit.ts';
import { FITTED_FUNCTIONS } from './functions.ts';
import { childrenOf, columnsOf, type Node } from './syntax.ts';
import { type Compiled, type NumericCompiled, textAt } from './vector.ts';

/** Groups of one `group_mean` that are kept; more is a mistake in the choice of the column. */
const GROUPS_MAX = 100_000;

type Call = Extract<Node, { kind: 'call' }>;

/**
 * Learns every fitted call (`mean`, `std`, `median`, `quantile`, `group_mean`) inside `nodes` from `table`.
 * One pass for each level of nesting. `median` and `quantile` hold their column in memory (8 bytes a row).
 */
export async function fitExpressions(
  nodes: readonly { readonly source: string; readonly node: Node }[],
  table: Table,
  signal?: AbortSignal,
): Promise<Fits> {
  const calls = new Map<string, { readonly call: Call; readonly source: string; readonly level: number }>();
  for (const { source, node } of nodes) collect(node, source, calls);
  const fits = new Map<string, Fit>();
  const levels = Math.max(0, ...[...calls.values()].map(({ level }) => level));
  for (let level = 1; level <= levels; level++) {
    const learners = [...calls]
      .filter(([, found]) => found.level === level)
      .map(([key, { call, source }]) => ({
        key,
        ...learnerOf(call, (node) => compileExpression(node, { source, schema: table.schema, fits })),
      }));
    const needed = new Set<string>();
    for (const { level: at, call } of calls.values()) if (at === level) columnsOf(call, needed);
    for await (const batch of table.batches({
      columns: needed.size > 0 ? [...needed] : [table.schema[0]!.name],
      ...(signal && { signal }),
    }))
      for (const { add } of learners) add(batch);
    for (const { key, finish } of learners) fits.set(key, finish());
  }
  return fits;
}

/** Level 1 needs the rows alone, level 2 the results of level 1. Returns the highest level inside. */
function collect(node: Node, source: string, into: Map<string, { call: Call; source: string; level: number }>): number {
  const below = Math.max(0, ...childrenOf(node).map((child) => collect(child, source, into)));
  if (node.kind !== 'call' || !FITTED_FUNCTIONS.has(node.name)) return below;
  into.set(fitKey(node), { call: node, source, level: below + 1 });
  return below + 1;
}

interface Learner {
  add(batch: Parameters<Compiled['evaluate']>[0]): void;
  finish(): Fit;
}

function learnerOf(call: Call, compile: (node: Node) => Compiled): Learner {
  const argument = compile(call.args[0]!) as NumericCompiled;
  if (call.name === 'group_mean') return learnGroups(argument, compile(call.args[1]!));
  const values = new NumberList();
  const moments = new Moments();
  const ordered = call.name === 'median' || call.name === 'quantile';
  return {
    add: (batch) => {
      for (const value of argument.evaluate(batch).values) {
        if (Number.isNaN(value)) continue;
        if (ordered) values.push(value);
        else moments.add(value);
      }
    },
    finish: () => {
      if (!ordered)
        return { kind: 'number', value: moments.n === 0 ? undefined : call.name === 'std' ? moments.deviation() : moments.mean };
      const share = call.name === 'median' ? 0.5 : (call.args[1] as { value: number }).value;
      return { kind: 'number', value: values.length === 0 ? undefined : linearQuantile(values.view().slice().sort(), share) };
    },
  };
}

function learnGroups(argument: NumericCompiled, by: Compiled): Learner {
  const groups = new Map<string, Moments>();
  const all = new Moments();
  return {
    add: (batch) => {
      const { values } = argument.evaluate(batch);
      const keys = by.evaluate(batch);
      for (let row = 0; row < batch.rows; row++) {
        const value = values[row]!;
        if (Number.isNaN(value)) continue;
        all.add(value);
        const number = keys.kind === 'text' ? Number.NaN : keys.values[row]!;
        const key = keys.kind === 'text' ? textAt(keys, row) : Number.isNaN(number) ? undefined : String(number === 0 ? 0 : number);
        if (key === undefined) continue;
        let moments = groups.get(key);
        if (!moments) {
          if (groups.size === GROUPS_MAX) throw new RangeError(`group_mean: more than ${GROUPS_MAX} groups.`);
          moments = new Moments();
          groups.set(key, moments);
        }
        moments.add(value);
      }
    },
    finish: () => ({
      kind: 'groups',
      overall: all.n === 0 ? undefined : all.mean,
      groups: new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, moments]) => [key, moments.mean])),
    }),
  };
}

/** Running mean and sum of squared deviations (Welford). */
export class Moments {
  n = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    const delta = value - this.mean;
    this.mean += delta / ++this.n;
    this.#squares += delta * (value - this.mean);
  }

  /** Population standard deviation. */
  deviation(): number {
    return this.n === 0 ? Number.NaN : Math.sqrt(this.#squares / this.n);
  }
}

/** Linear quantile (numpy's default) of a rising list without missing values; the list must not be empty. */
export function linearQuantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const a = sorted[low]!;
  const b = sorted[Math.min(low + 1, sorted.length - 1)]!;
  const t = at - low;
  // numpy's lerp: from the nearer end, so that quantile(1) is the largest value itself.
  return a === b ? a : t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}
