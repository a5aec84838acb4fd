import type { Table } from '../../tables/table.ts';

/** Judging parts go to the trainer without the answer. */
export function withoutTarget(table: Table, target: string): Table {
  const names = table.schema.map(({ name }) => name).filter((name) => name !== target);
  return {
    name: table.name,
    schema: table.schema.filter(({ name }) => name !== target),
    batches: (options) => table.batches({ ...options, columns: options?.columns ?? names }),
  };
}
