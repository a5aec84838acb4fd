import { z } from 'zod';

/** A share of the rows as a fraction or in percent; the result is a fraction. */
export const shareSchema = z
  .union([z.number(), z.string().regex(/^\s*\d+(\.\d+)?\s*%\s*$/, 'Expected a fraction such as 0.2 or a percentage such as "20 %".')])
  .transform((share) => (typeof share === 'number' ? share : Number(share.replace('%', '').trim()) / 100))
  .pipe(z.number().min(0).max(1));

const date = z
  .union([z.string(), z.date()])
  .transform((day) => (typeof day === 'string' ? day : day.toISOString().slice(0, 10)))
  .pipe(z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'Expected a calendar date such as 2005-12-31.'));

const window = z.strictObject({
  from: date.describe('First calendar date of the window; belongs to it.'),
  to: date.describe('Last calendar date of the window; belongs to it.'),
});

/** `prepare-data.split`: which rows are learned from and which judge. */
export const splitSchema = z
  .strictObject({
    method: z
      .enum(['hash', 'grouped', 'stratified', 'temporal'])
      .default('hash')
      .describe(
        '`hash`: by the key of each row, so that new rows move no old row. `grouped`: all rows of a group into one part. `stratified`: the same mix of the target in each part. `temporal`: by date.',
      ),
    test: shareSchema.prefault(0.2).describe('Share of the rows that judge, e.g. `20 %`.'),
    validation: shareSchema.prefault(0).describe('Share of the rows kept apart for choosing among candidates; 0 for none.'),
    salt: z.string().min(1).default('v1').describe('Changes which rows fall into which part.'),
    group: z.string().min(1).optional().describe('Column whose rows stay together; needed for `grouped`, absent otherwise.'),
    bins: z.int().min(2).max(1000).default(10).describe('`stratified` with a numeric target: number of equally full bins.'),
    column: z.string().min(1).optional().describe('Column with the date of each row; needed for `temporal`, absent otherwise.'),
    timezone: z.string().default('UTC').describe('Time zone in which timestamps become calendar dates, e.g. `Europe/Berlin`.'),
    windows: z
      .strictObject({
        train: window.describe('Dates learned from.'),
        validation: window.optional().describe('Dates kept apart for choosing among candidates. Absent: none.'),
        test: window.describe('Dates that judge.'),
        oot: window.optional().describe('Out-of-time: looked at last, never chooses. Absent: there is none.'),
      })
      .optional()
      .describe(
        '`temporal`: the windows, both ends inclusive. Default: the latest `test` share of the rows judges, cut between two dates.',
      ),
  })
  .superRefine((split, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (split.method === 'grouped' && !split.group)
      problem('group', 'The method grouped needs `group`, the column whose rows stay together.');
    if (split.method === 'temporal' && !split.column) problem('column', 'The method temporal needs `column`, the date of each row.');
    if (split.method !== 'temporal' && split.windows) problem('windows', 'Windows need `method: temporal`.');
    if (split.test + split.validation >= 1)
      problem('test', 'Nothing is left to learn from: test and validation together must stay below 1.');
  })
  .describe('Which rows are learned from and which judge.');

export type SplitSpec = z.output<typeof splitSchema>;
