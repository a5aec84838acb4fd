import { RE2JS } from 're2js';
import { z } from 'zod';
import { expressionSchema } from '../expression/expression-schema.ts';
import { shareSchema } from '../split-schema.ts';

const DURATION = /^\s*(\d+(?:\.\d+)?)\s*(m|h|d|w)\s*$/;
const MILLISECONDS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `30d`, `12h`, `90m`, `2w`; the result is milliseconds. */
const durationSchema = z
  .string()
  .regex(DURATION, 'Expected a duration such as 30d, 12h, 90m or 2w.')
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text)!;
    return Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS];
  });

const severity = z.enum(['error', 'warn']).default('error').describe('`error` blocks the run, `warn` is shown.');
const mostly = shareSchema.prefault(1).describe('Share of the checked cells or rows that must keep the rule, e.g. `99 %`.');
const bound = z.union([z.number(), z.string()]);
const values = z.array(z.union([z.string(), z.number(), z.boolean()])).min(1);

const PATTERN_MAX = 1000;
const pattern = z
  .string()
  .max(PATTERN_MAX)
  .superRefine((source, context) => {
    try {
      RE2JS.compile(source);
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: `Not a pattern of the RE2 syntax: ${error instanceof Error ? error.message : String(error)}.`,
      });
    }
  });

const columnRules = z
  .strictObject({
    type: z.enum(['number', 'integer', 'boolean', 'date', 'timestamp', 'text']).optional().describe('Type of every value. Absent: any.'),
    'not-null': z.boolean().optional().describe('No cell is missing. Absent: cells may be.'),
    unique: z
      .boolean()
      .optional()
      .describe('No value stands twice; every occurrence of a repeated value counts. Absent: values may repeat.'),
    min: bound.optional().describe('Smallest allowed number, or ISO date. Absent: no bound.'),
    max: bound.optional().describe('Largest allowed number, or ISO date. Absent: no bound.'),
    in: values.optional().describe('The only allowed values. Absent: any.'),
    'not-in': values.optional().describe('Values that must not occur. Absent: none.'),
    pattern: pattern
      .optional()
      .describe('RE2 pattern found in the text; write `^…$` for the whole. Matching takes linear time. Absent: any text.'),
    'min-length': z.int().min(0).optional().describe('Fewest characters of a text. Absent: no bound.'),
    'max-length': z.int().min(0).optional().describe('Most characters of a text. Absent: no bound.'),
    optional: z.boolean().default(false).describe('The column may be absent.'),
    mostly,
    severity,
  })
  .describe('What one column must keep. `"*"` speaks of every column; a column\'s own keys win over it.');

const expressionRule = z.union([
  expressionSchema,
  z.strictObject({
    expression: expressionSchema.describe('Condition over the columns of a row, e.g. `total >= monthly`.'),
    name: z.string().min(1).optional().describe('Name in the report. Absent: the expression itself.'),
    mostly,
    severity,
  }),
]);

const columnList = z.union([z.string().transform((name) => [name]), z.array(z.string()).min(1)]);

/** Quality rules of `validate-data`: spread into the inputs of the stage. */
export const rulesShape = {
  rules: z.record(z.string().min(1), columnRules).prefault({}).describe('Rules by column; `"*"` for all columns.'),
  expressions: z
    .array(expressionRule)
    .prefault([])
    .describe('Conditions that every row must keep; a row where the condition is missing is not judged.'),
  references: z
    .array(
      z.strictObject({
        columns: columnList.describe('Column, or columns, that refer to another table.'),
        to: z.string().min(1).describe('The other table: path or URI.'),
        'to-columns': columnList.optional().describe('Its columns, in the same order. Default: the same names.'),
        mostly,
        severity,
      }),
    )
    .prefault([])
    .describe('Values that must exist in another table.'),
  freshness: z
    .strictObject({
      column: z
        .string()
        .min(1)
        .optional()
        .describe('Column with the time of a row; its newest value counts. Default: last change of the source.'),
      'max-age': durationSchema.describe('Greatest age at the logical date of the run, e.g. `30d`.'),
      severity,
    })
    .optional()
    .describe('How old the newest data may be. Absent: any age.'),
  'row-count': z
    .strictObject({
      min: z.int().min(0).optional().describe('Fewest rows. Absent: no bound.'),
      max: z.int().min(0).optional().describe('Most rows. Absent: no bound.'),
      'max-change': shareSchema.optional().describe('Greatest change against the median of earlier runs, e.g. `50 %`. Absent: any.'),
      severity,
    })
    .optional()
    .describe('How many rows there must be. Absent: any number.'),
  score: z
    .strictObject({
      weights: z
        .strictObject({
          completeness: z.number().min(0).default(0.4).describe('Weight of the share of cells that are there.'),
          validity: z.number().min(0).default(0.4).describe('Weight of the share of cells that keep their rules.'),
          uniqueness: z.number().min(0).default(0.2).describe('Weight of the share of rows that repeat no key.'),
        })
        .prefault({})
        .describe('Weights of the three parts of the score; they are divided by their sum.'),
    })
    .prefault({})
    .describe('How the quality score is put together.'),
  examples: z.int().min(0).max(100).default(5).describe('Example rows kept per rule.'),
} as const;

export const rulesSchema = z.strictObject(rulesShape);
export type RulesSpec = z.output<typeof rulesSchema>;
export type ColumnRules = z.output<typeof columnRules>;
