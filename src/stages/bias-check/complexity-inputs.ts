import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import { EXACT_MATCHES, TOKEN_F1S } from '../../metrics/text-to-sql-match.ts';
import { DIALECTS } from '../../sql/dialect.ts';
import { COMPLEXITY_SCHEMES } from '../complexity-schemes.ts';
import { sqlColumnInputs } from '../sql-columns.ts';

/** What bias-check takes for text-to-SQL only. */
export const complexityInputs = {
  complexity: z
    .enum(COMPLEXITY_SCHEMES)
    .optional()
    .describe(
      'Where the label of each query comes from: its column (`column`), the structure of the expected SQL (`structure`), the column if there is one, else the structure (`column-or-structure`), or Spider’s hardness (`spider`, needs `evaluate.schemas`). Absent: column-or-structure.',
    ),
  groups: z
    .strictObject({
      simple: z.array(z.string()).min(1).describe('Labels that count as simple.'),
      complex: z.array(z.string()).min(1).describe('Labels that count as complex.'),
    })
    .optional()
    .describe(
      'Which labels of SQL are simple and which complex. Absent: basic SQL, aggregation, single join, easy and medium are simple, the other known ones complex.',
    ),
  evaluation: wired(
    'evaluate.evaluation',
    z
      .string()
      .optional()
      .describe(
        'Evaluation CSV of evaluate. Absent: `predictions` and `rows` are read and labelled anew, and scored where they bring no scores or a kind of score is asked for.',
      ),
  ),
  columns: sqlColumnInputs,
  dialect: wired(
    'config.syntax-validate.dialect',
    z.enum(DIALECTS).optional().describe('Dialect by whose rules SQL is cut into tokens and parsed. Absent: sqlite.'),
  ),
  schemas: wired(
    'config.evaluate.schemas',
    z.string().optional().describe('Spider’s `tables.json`, for its hardness. Absent: `complexity: spider` cannot be had.'),
  ),
  'exact-match': wired(
    'config.evaluate.exact-match',
    z.enum(EXACT_MATCHES).optional().describe('What exact match means where the file has no column `exact_match`. Absent: normalized.'),
  ),
  'token-f1': wired(
    'config.evaluate.token-f1',
    z.enum(TOKEN_F1S).optional().describe('What token F1 means where the file has no column `f1_score`. Absent: bag.'),
  ),
};

/** Gaps between simple and complex SQL, by the metric they are of. */
export const COMPLEXITY_GAPS = { gap: 'exact_match', gap_f1_score: 'f1_score' } as const;
