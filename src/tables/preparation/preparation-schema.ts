import { z } from 'zod';
import { expressionSchema } from '../expression/expression-schema.ts';

export const PARTS = ['year', 'month', 'day', 'day_of_week', 'is_weekend', 'hour'] as const;

const imputeNumber = z.enum(['median', 'mean', 'mode', 'none']);
const imputeText = z.enum(['mode', 'category', 'none']);
const scale = z.enum(['standard', 'minmax', 'none']);
const encode = z.enum(['one-hot', 'ordinal', 'frequency', 'drop']);
const outliers = z.enum(['none', 'iqr']);

const columnSchema = z
  .strictObject({
    type: z
      .enum(['number', 'text'])
      .optional()
      .describe(
        'Treat the column as this type. `number` reads texts that spell numbers; a blank is missing, other text is an error with its row. Absent: the type found in the data.',
      ),
    missing: z
      .array(z.string())
      .optional()
      .describe('Texts that mean missing in this column, e.g. `[" ", "n/a"]`. Absent: those of `missing`.'),
    impute: z
      .union([
        z.enum(['median', 'mean', 'mode', 'category', 'none']),
        z.strictObject({ constant: z.union([z.number(), z.string()]).describe('The value put in.') }),
      ])
      .optional()
      .describe(
        'What replaces missing cells: `median`, `mean` (numbers), `mode`, `category` (text: a category of its own), `none`, or `{ constant: 0 }`. Absent: that of `numeric` or `categorical`.',
      ),
    outliers: outliers
      .optional()
      .describe('`iqr` caps at the quartiles -/+ factor × interquartile range of the training rows. Absent: `outliers.method`.'),
    scale: scale.optional().describe('`standard`: mean 0, population deviation 1; `minmax`: 0…1; `none`. Absent: `numeric.scale`.'),
    encode: encode
      .optional()
      .describe(
        'How categories become numbers. On a number column: its values are categories. Absent: `categorical.encode`; numbers stay numbers.',
      ),
    order: z.array(z.string()).min(1).optional().describe('`ordinal`: the categories from lowest (0) to highest. Default: sorted.'),
    parts: z.array(z.enum(PARTS)).optional().describe('Of a date: the parts that become features. Absent: `dates.parts`.'),
  })
  .describe('How one column becomes features; what is not said follows the defaults of its type.');

/** `prepare-data.features` and its neighbours: how columns become features. */
export const preparationShape = {
  features: z
    .record(z.string().min(1), expressionSchema)
    .default({})
    .describe(
      'New columns as expressions over the columns, e.g. `spend_per_visit: spend / visits`. They are prepared like any other column.',
    ),
  drop: z.array(z.string()).default([]).describe('Columns that are no features.'),
  passthrough: z.array(z.string()).default([]).describe('Columns handed on untouched, e.g. the text of a text task; `"*"` for all.'),
  columns: z.record(z.string().min(1), columnSchema).default({}).describe('What differs from the defaults, by column or new feature.'),
  missing: z.array(z.string()).default([]).describe('Texts that mean missing in every text column, e.g. `["NA", " "]`.'),
  numeric: z
    .strictObject({
      impute: imputeNumber.default('median').describe('What replaces missing numbers.'),
      scale: scale.default('standard').describe('How numbers are scaled.'),
    })
    .prefault({})
    .describe('Defaults for number columns.'),
  outliers: z
    .strictObject({
      method: outliers.default('none').describe('`iqr` caps every number column that does not say otherwise.'),
      factor: z.number().positive().default(1.5).describe('Interquartile ranges beyond the quartiles where the cap lies.'),
    })
    .prefault({})
    .describe('Capping of outliers.'),
  categorical: z
    .strictObject({
      impute: imputeText.default('mode').describe('What replaces missing texts.'),
      encode: encode.default('one-hot').describe('How categories become numbers.'),
      'max-categories': z
        .int()
        .min(1)
        .max(10_000)
        .default(50)
        .describe(
          'A text column with more categories than this in the training rows is left out, with a warning, unless its `encode` is declared.',
        ),
    })
    .prefault({})
    .describe('Defaults for text columns.'),
  dates: z
    .strictObject({
      parts: z
        .array(z.enum(PARTS))
        .default([...PARTS])
        .describe('Parts of a date that become features; `hour` of timestamps only.'),
    })
    .prefault({})
    .describe('Defaults for date columns.'),
} as const;

export const preparationSchema = z.strictObject(preparationShape);
export type PreparationSpec = z.output<typeof preparationSchema>;
export type ColumnSpec = z.output<typeof columnSchema>;
