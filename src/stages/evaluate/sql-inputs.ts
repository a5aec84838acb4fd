import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import { EXACT_MATCHES, TOKEN_F1S } from '../../metrics/text-to-sql-match.ts';
import { duration } from '../../pipeline/duration.ts';
import { DIALECTS } from '../../sql/dialect.ts';
import { EXECUTION_RULES } from '../../sql/execution-rules.ts';
import { COMPLEXITY_SCHEMES } from '../complexity-schemes.ts';
import { sqlColumnInputs } from '../sql-columns.ts';

/** What evaluate takes for text-to-SQL only. */
export const sqlInputs = {
  'exact-match': z
    .enum(EXACT_MATCHES)
    .optional()
    .describe(
      'What `exact_match` means for SQL: equal tokens without regard to case (`normalized`), equal texts (`string`), or Spider’s exact set match (`spider`, needs `schemas`). Absent: normalized.',
    ),
  'token-f1': z
    .enum(TOKEN_F1S)
    .optional()
    .describe(
      'What `f1_score` means for SQL: F1 of the bags of tokens (`bag`), or the Jaccard index of the sets (`jaccard`). Absent: bag.',
    ),
  columns: sqlColumnInputs,
  dialect: wired(
    'config.syntax-validate.dialect',
    z.enum(DIALECTS).optional().describe('Dialect by whose rules SQL is cut into tokens and parsed. Absent: sqlite.'),
  ),
  complexity: wired(
    'config.bias-check.complexity',
    z.enum(COMPLEXITY_SCHEMES).optional().describe('Where `sql_complexity` of the evaluation CSV comes from. Absent: column-or-structure.'),
  ),
  schemas: z
    .string()
    .optional()
    .describe(
      'Spider’s `tables.json` (path or URI), for its exact match and hardness; rows name their database. Absent: neither can be had.',
    ),
  execution: z
    .strictObject({
      databases: z
        .string()
        .describe(
          'SQLite files: path, folder, glob or URI. A row takes those called `<db_id>.*` or lying in a folder `<db_id>`; all must agree. One file serves all rows without a `db_id`.',
        ),
      rule: z
        .enum(EXECUTION_RULES)
        .default('strict')
        .describe('When two results are equal: `strict` for your own data, `spider` and `bird` as their evaluators have it.'),
      deadline: duration().prefault('10s').describe('Longest time for one query.'),
    })
    .optional()
    .describe('Run expected and predicted SQL and compare what they return (metric `execution`). Absent: nothing is run.'),
};
