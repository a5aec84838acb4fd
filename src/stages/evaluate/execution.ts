import { UserError } from '../../kernel/errors.ts';
import type { RecordTable } from '../../kernel/record.ts';
import { type ExecutionScore, executionScorer } from '../../metrics/text-to-sql-execution.ts';
import type { SqlEngines } from '../../providers/engines/engine.ts';
import type { Data, SourceFile } from '../../providers/sources/source.ts';
import { changesByItself } from '../../sql/execution.ts';
import type { ExecutionRule } from '../../sql/execution-rules.ts';
import { BadInput } from '../../tables/bad-input.ts';
import type { SqlRows } from '../sql-rows.ts';

interface ExecutionInputs {
  readonly databases: string;
  readonly rule: ExecutionRule;
  /** Seconds. */
  readonly deadline: number;
}

export interface SqlSandbox {
  /** Each row's verdict; expected results are kept, so that a second model's costs half. */
  scores(rows: SqlRows, progress: (share: number) => void): Promise<ExecutionScore[]>;
  close(): Promise<void>;
}

/** Rows under way at once: enough to keep the processes busy. */
const WINDOW = 8;

/** Brings the databases here and opens the processes that run SQL on them. */
export async function openExecution(
  { databases, rule, deadline }: ExecutionInputs,
  { data, engines }: { readonly data: Data; readonly engines: SqlEngines },
  signal: AbortSignal,
): Promise<SqlSandbox> {
  const files = (await data.fetch(databases, signal)).filter(({ name }) => /\.(?:sqlite3?|db3?)$/i.test(name));
  if (files.length === 0)
    throw new UserError('no-databases', `${databases} holds no SQLite file (*.sqlite, *.sqlite3, *.db).`, {
      todo: 'Correct `evaluate.execution.databases`.',
    });
  const pool = await engines.openDatabases({ deadlineMs: deadline * 1000 }, signal);
  const score = executionScorer(pool.execute, rule);
  return {
    async scores({ texts, databases: names }, progress) {
      const paths = names.map((name, row) => databasesOf(name, files, row));
      const found: ExecutionScore[] = [];
      for (let from = 0; from < texts.length; from += WINDOW) {
        const some = texts.slice(from, from + WINDOW);
        found.push(
          ...(await Promise.all(some.map(({ predicted, expected }, i) => score({ predicted, expected, databases: paths[from + i]! })))),
        );
        progress(found.length / texts.length);
      }
      return found;
    },
    close: () => pool.close(),
  };
}

/** The files of a database by its name: called so, or lying in a folder called so. A name is compared, never made into a path. */
function databasesOf(name: string | undefined, files: readonly SourceFile[], row: number): string[] {
  const all = files.map(({ path }) => path);
  if (name === undefined) {
    if (all.length === 1) return all;
    throw new BadInput(
      'no-database',
      `the row names no database, and there are ${files.length}.`,
      { row: row + 1 },
      'Add a column `db_id`.',
    );
  }
  const own = files.filter((file) => {
    const parts = file.name.split('/');
    return parts.at(-2) === name || parts.at(-1)!.replace(/\.[^.]*$/, '') === name;
  });
  if (own.length > 0) return own.map(({ path }) => path);
  throw new BadInput('no-database', `there is no database "${name.slice(0, 80)}" among ${files.length}.`, { row: row + 1 });
}

/** How the rows came out, and how many rest on SQL whose result changes by itself. */
export function executionTable(scores: readonly ExecutionScore[]): RecordTable {
  const counts = new Map<string, number>();
  for (const { reason } of scores) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return {
    name: 'execution',
    title: 'What running the SQL gave',
    columns: ['reason', 'rows'],
    rows: [...counts].sort((a, b) => b[1] - a[1]),
  };
}

/** Rows whose expected or predicted SQL asks for the time or for chance. */
export const unsteadyRows = ({ texts }: SqlRows): number =>
  texts.filter(({ expected, predicted }) => changesByItself(expected) || changesByItself(predicted)).length;
