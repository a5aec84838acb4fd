import { z } from 'zod';
import type { ReadOptions } from '../providers/sources/source.ts';

/** How files of a source are read; the same words wherever data comes in. */
export const readInputs = z
  .strictObject({
    format: z
      .enum(['csv', 'tsv', 'json', 'jsonl', 'parquet'])
      .optional()
      .describe('Form of the files. Absent: by the ending of their names.'),
    delimiter: z
      .string()
      .length(1)
      .optional()
      .describe('Character between the fields of a CSV file. Absent: a comma, or a tab in .tsv files.'),
    encoding: z
      .enum(['utf-8', 'windows-1252', 'iso-8859-1'])
      .default('utf-8')
      .describe('How the bytes of text files are to be understood.'),
    missing: z.array(z.string()).default([]).describe('Words that mean a missing value, besides the empty field.'),
    types: z
      .record(z.string(), z.enum(['number', 'integer', 'boolean', 'date', 'timestamp', 'text']))
      .default({})
      .describe('Types of columns, where they must not be inferred.'),
    dates: z
      .record(z.string(), z.string())
      .default({})
      .describe(
        'How columns write their dates, where not as ISO 8601: `DD.MM.YYYY`, `M/D/YYYY hh:mm` (letters YYYY, MM, M, DD, D, hh, h, mm, ss).',
      ),
    'on-bad-row': z.enum(['error', 'count']).default('error').describe('A row that cannot be read: an error, or left out and counted.'),
    'max-record-bytes': z
      .int()
      .min(1024)
      .max(1024 ** 3)
      .default(16 * 1024 ** 2)
      .describe('Bytes a record or JSON value may have; a longer one is an error in any case.'),
  })
  .prefault({})
  .describe('How the files are read.');
export type ReadInputs = z.output<typeof readInputs>;

/** Which columns are kept, and under which names. */
export const columnInputs = z
  .strictObject({
    keep: z.array(z.string()).optional().describe('Columns to keep, by their names in the source. Absent: all.'),
    drop: z.array(z.string()).optional().describe('Columns to leave out. Absent: none.'),
    rename: z.record(z.string(), z.string()).optional().describe('New names, by the name in the source. Absent: none.'),
  })
  .optional()
  .describe('Which columns are kept, and under which names. Absent: all, as they are called in the source.');

/** The same in the words of a source. */
export const readOptionsOf = ({ 'on-bad-row': onBadRow, 'max-record-bytes': maxRecordBytes, ...rest }: ReadInputs): ReadOptions => ({
  ...rest,
  onBadRow,
  maxRecordBytes,
});
