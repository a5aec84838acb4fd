import type { ModelState } from '../providers/registries/registry.ts';

const VARIABLE = 'row-counts';
const KEPT = 30;

/** Row counts of earlier runs, oldest first. */
export function rowCounts({ variables }: ModelState): readonly number[] {
  const kept = variables[VARIABLE];
  return Array.isArray(kept) ? kept.filter((count): count is number => typeof count === 'number') : [];
}

export const withRowCount = (state: ModelState, rows: number): ModelState => ({
  ...state,
  variables: { ...state.variables, [VARIABLE]: [...rowCounts(state), rows].slice(-KEPT) },
});
