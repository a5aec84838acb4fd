import { z } from 'zod';

/** Version of the record's and the manifest's form. A newer major is refused, an older one is migrated on reading. */
export const RECORD_SCHEMA = 'retrain/record/1';

const text = z.string();
const finite = z.number();

const storedCopy = z.strictObject({
  uri: text.describe('Of the file, or of the folder with its last `/`.'),
  files: z
    .array(z.strictObject({ path: text, uri: text, sha256: text.regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) }))
    .describe('Each file by its path below the folder; an empty path for a file.'),
});
/** The same bytes in a store, whence they can be brought again. */
export type StoredCopy = z.infer<typeof storedCopy>;

const fileRef = z.strictObject({
  uri: text.describe('Path relative to the run folder.'),
  sha256: text.regex(/^[0-9a-f]{64}$/).describe('Digest of the file; of the sorted list of names and digests for a folder.'),
  bytes: z.int().min(0),
  files: z.int().min(0).optional().describe('Number of files, for a folder.'),
  stored: storedCopy.optional().describe('Where the same bytes lie in the store of the pipeline, or lay when they were fetched.'),
});
export type FileRef = z.infer<typeof fileRef>;

const interval = z.strictObject({
  low: finite,
  high: finite,
  level: finite.describe('Confidence level, 0.95 by default.'),
  method: text.describe('How it was computed, e.g. `wilson`, `delong`, `bca`.'),
});

const metricValue = z.strictObject({
  name: text,
  value: finite.optional(),
  notComputable: text.optional().describe('Why there is no value: empty, one-class, zero-denominator, constant, too-few, non-finite.'),
  n: z.int().min(0).describe('Rows the value rests on.'),
  interval: interval.optional(),
  split: text.optional().describe('test, validation, oot, train.'),
  slice: text.optional().describe('`column=value` for a part of the rows.'),
  column: text.optional(),
  model: text.optional().describe('candidate (default), champion, or an algorithm.'),
});
export type MetricValue = z.infer<typeof metricValue>;

const gate = z.strictObject({
  name: text.describe('The metric or rule judged, e.g. `auc_roc`.'),
  threshold: text.describe('As the user wrote it, e.g. `>= 0.80`.'),
  value: finite.optional(),
  interval: interval.optional(),
  judged: z.enum(['point', 'interval']),
  verdict: z.enum(['passed', 'failed', 'incomparable']),
  reason: text.optional(),
  slice: text.optional(),
  split: text.optional(),
});
export type Gate = z.infer<typeof gate>;

const metricComparison = z.strictObject({
  metric: text,
  candidate: finite,
  champion: finite,
  difference: finite.describe('Candidate minus champion, turned so that more is better.'),
  interval: interval.optional(),
  p: finite.optional(),
  test: text.optional(),
  margin: finite.describe('0 for the primary metric: better; a guard may be worse by this much.'),
  verdict: z.enum(['better', 'not-worse', 'not-better', 'worse', 'incomparable']),
  discordant: z.strictObject({ candidateOnly: z.int(), championOnly: z.int() }).optional(),
  few: z
    .strictObject({
      exactP: finite.describe('Of the exact test, which must agree before anything is called better or worse.'),
      lowerBound: finite.optional().describe("Newcombe's lower bound of a share, which must agree before anything is called not worse."),
    })
    .optional()
    .describe('Where the two differ on too few rows for the interval alone to decide.'),
  smallestVisible: finite.optional().describe('Smallest difference this many rows would have shown with 80 % power.'),
  notComputable: text.optional(),
});
export type MetricComparison = z.infer<typeof metricComparison>;

const comparison = z.strictObject({
  champion: z.int().describe('Version number the candidate was compared with.'),
  verdict: z.enum(['better', 'not-better', 'incomparable']),
  reason: z.strictObject({ code: text, text }).optional(),
  n: z.int().describe('Rows both models were judged on.'),
  leftOut: z.int().describe('Rows left out because the champion was trained on them.'),
  split: text,
  primary: metricComparison.optional(),
  guards: z.array(metricComparison).default([]),
});
export type Comparison = z.infer<typeof comparison>;

const cell = z.union([text, finite, z.boolean(), z.null()]);
const recordTable = z.strictObject({
  name: text,
  title: text,
  columns: z.array(text),
  rows: z.array(z.array(cell)).max(1_000),
  /** Rows there were before the table was cut to its bound. */
  total: z.int().optional(),
});
export type RecordTable = z.infer<typeof recordTable>;

const curve = z.strictObject({
  name: text.describe('roc, precision-recall, calibration, importance, history, …'),
  title: text,
  x: text.describe('Label of the x axis.'),
  y: text.describe('Label of the y axis.'),
  series: z.array(
    z.strictObject({
      name: text,
      x: z.array(z.union([finite, text])).max(200),
      y: z.array(finite).max(200),
      thresholds: z
        .array(finite.nullable())
        .max(200)
        .optional()
        .describe('Score from which rows are positive, at each point; null where none is.'),
    }),
  ),
});
export type Curve = z.infer<typeof curve>;

const reason = z.strictObject({ code: text, text });
const verdict = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('passed') }),
  z.strictObject({ kind: z.enum(['failed', 'skipped', 'incomparable']), reason }),
]);

const value = z.union([text, finite, z.boolean(), fileRef]);

/** What a stage leaves behind. */
export const recordSchema = z.strictObject({
  schema: z.literal(RECORD_SCHEMA),
  run: text,
  stage: text,
  attempt: z.int().min(1),
  outcome: z.enum(['completed', 'errored', 'cancelled', 'submitted']),
  verdict: verdict.optional().describe('Only when completed.'),
  endsRun: z.boolean().default(false).describe('A skip that leaves nothing to do for later stages.'),
  found: text.default('').describe('One line: what was found.'),
  started: z.iso.datetime(),
  seconds: finite.min(0),
  inputs: z.record(text, z.unknown()),
  outputs: z.record(text, value).default({}),
  metrics: z.array(metricValue).default([]),
  gates: z.array(gate).default([]),
  comparison: comparison.optional(),
  tables: z.array(recordTable).default([]),
  curves: z.array(curve).default([]),
  warnings: z.array(reason).default([]),
  error: z
    .strictObject({ code: text, message: text, todo: text.optional(), fault: z.enum(['user', 'world', 'ours', 'cancelled']) })
    .optional(),
});
export type StageRecord = z.infer<typeof recordSchema>;

/** What every record has, before the stage has said anything. */
export const emptyRecord = (run: string, stage: string, started: string): Omit<StageRecord, 'outcome'> => ({
  schema: RECORD_SCHEMA,
  run,
  stage,
  attempt: 1,
  endsRun: false,
  found: '',
  started,
  seconds: 0,
  inputs: {},
  outputs: {},
  metrics: [],
  gates: [],
  tables: [],
  curves: [],
  warnings: [],
});

export const MANIFEST_SCHEMA = 'retrain/manifest/1';

/** `run.json`: the run and all its records. The truth; everything else is a copy of a few of its values. */
export const manifestSchema = z.strictObject({
  schema: z.literal(MANIFEST_SCHEMA),
  id: text,
  model: text,
  pipeline: text.optional().describe('Path of the pipeline file.'),
  logicalDate: text,
  key: text.optional().describe('Idempotency key, known once the data is.'),
  seed: text,
  force: z.boolean().default(false),
  started: z.iso.datetime(),
  ended: z.iso.datetime().optional(),
  retrain: text.describe('Version of Retrain.'),
  owner: text.optional(),
  machine: z.strictObject({ platform: text, arch: text, cpus: z.int(), memoryGb: finite, node: text }).optional(),
  links: z.array(z.strictObject({ name: text, url: text })).default([]),
  outcome: z.enum(['running', 'passed', 'refused', 'skipped', 'errored', 'cancelled', 'submitted']),
  reason: reason.optional(),
  version: z.int().optional().describe('Version of the model this run registered, or that its key already belongs to.'),
  promoted: z.boolean().default(false),
  records: z.array(recordSchema).default([]),
});
export type Manifest = z.infer<typeof manifestSchema>;
