import { z } from 'zod';
import { shared } from '../kernel/inputs.ts';
import { cronProblem } from './cron.ts';
import { duration } from './duration.ts';

export const TASKS = [
  'classification',
  'regression',
  'text-classification',
  'ner',
  'forecast',
  'anomaly',
  'ranking',
  'embedding',
  'text-to-sql',
  'api',
] as const;
export type Task = (typeof TASKS)[number];

const text = z.string().min(1);

/** A label as it stands in the data. YAML makes `1` and `true` a number and a boolean; in the data they are text. */
const label = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const targetParts = z
  .strictObject({
    column: text.describe('Column that holds what is to be predicted.'),
    positive: label.optional().describe('Label that counts as positive. Required for tasks with two classes; absent for all others.'),
    classes: z
      .array(label)
      .min(2)
      .optional()
      .describe('All labels, in the order reports show them. Absent: those found in the training part, sorted.'),
  })
  .check((context) => {
    const { positive, classes } = context.value;
    if (classes !== undefined && new Set(classes).size < classes.length) {
      context.issues.push({ code: 'custom', message: 'expected each class once', input: classes, path: ['classes'] });
    }
    if (positive !== undefined && classes !== undefined && !classes.includes(positive)) {
      context.issues.push({
        code: 'custom',
        message: `expected one of the classes (${classes.join(', ')}), found "${positive}"`,
        input: positive,
        path: ['positive'],
      });
    }
  });

const target = z.union([text, targetParts]).transform((value) => (typeof value === 'string' ? { column: value } : value));
export type Target = z.output<typeof targetParts>;

const tracker = text.regex(
  /^(?:file(?::.+)?|vertex|mlflow(?::https?:\/\/\S+)?)$/,
  'expected file, file:FOLDER, vertex, mlflow or mlflow:https://SERVER',
);

const cron = text.check((context) => {
  const problem = cronProblem(context.value);
  if (problem !== undefined) context.issues.push({ code: 'custom', message: problem, input: context.value });
});

const timezone = text.check((context) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: context.value });
    // Node takes `+01:00`, too; GitHub does not.
    if (/^[+-]/.test(context.value)) throw new RangeError('no name');
  } catch {
    context.issues.push({
      code: 'custom',
      message: `expected a time zone of the IANA database, e.g. Europe/Berlin, found "${context.value}"`,
      input: context.value,
    });
  }
});

const schedule = z
  .strictObject({
    cron: z
      .union([cron, z.array(cron).min(1)])
      .transform((value) => (typeof value === 'string' ? [value] : value))
      .optional()
      .describe(
        'When runs start: five cron fields, or @hourly, @daily, @weekly, @monthly, @yearly; one or a list. On GitHub the workflow says the same in `on.schedule`. Absent: runs are started by hand.',
      ),
    timezone: timezone.default('UTC').describe('Time zone `cron` is read in.'),
    'catch-up': z
      .enum(['none', 'latest', 'all'])
      .default('none')
      .describe(
        'Which missed ticks `retrain catch-up` (on GitHub, a watchdog workflow) starts later: none, the latest one, or all of them.',
      ),
    start: z.iso.date().optional().describe('First day, in `timezone`, that may be caught up. Absent: nothing before the first run is.'),
  })
  .check((context) => {
    const { cron, 'catch-up': catchUp, start } = context.value;
    if (cron !== undefined) return;
    for (const key of [...(catchUp === 'none' ? [] : ['catch-up']), ...(start === undefined ? [] : ['start'])]) {
      context.issues.push({
        code: 'custom',
        message: 'expected `schedule.cron` beside it: without ticks none is missed',
        input: context.value,
        path: [key],
      });
    }
  });

const run = z.strictObject({
  retries: z
    .int()
    .min(0)
    .max(100)
    .default(2)
    .describe('How often a stage is tried again after a fault of the world (network, service, disk).'),
  'retry-delay': duration().prefault('5m').describe('Pause before each further attempt.'),
  timeout: duration().prefault('6h').describe('Longest time for one attempt of one stage.'),
  grace: duration()
    .prefault('5m')
    .describe('How long before the outer wall (the job of the runner) a stage stops itself, to cancel cleanly.'),
  'on-same-key': z
    .enum(['reuse', 'retrain'])
    .default('reuse')
    .describe('What to do when code, configuration and data are those of an earlier run: reuse its outcome, or train again.'),
  seed: z.int().min(0).default(0).describe('Every random number of a run follows from this one.'),
});

const google = z.strictObject({
  project: z
    .string()
    .regex(/^[a-z][a-z0-9:.-]{4,61}[a-z0-9]$/, 'expected the id of a project, e.g. my-project-123456 (not its name or number)')
    .optional()
    .describe('Id of the Google Cloud project. Absent: what GOOGLE_CLOUD_PROJECT says.'),
  region: z
    .string()
    .regex(/^[a-z]+(?:-[a-z]+)+\d+$/, 'expected a region, e.g. us-central1')
    .optional()
    .describe('Region of Vertex AI, e.g. us-central1. Absent: what GOOGLE_CLOUD_REGION says.'),
  'service-account': z
    .string()
    .regex(/^[^@\s/]+@[^@\s/]+$/, 'expected NAME@PROJECT.iam.gserviceaccount.com')
    .optional()
    .describe('Service account that jobs of Vertex AI run as. Absent: the one Vertex AI gives them.'),
  tensorboard: z
    .string()
    .regex(
      /^projects\/[^/]+\/locations\/[^/]+\/tensorboards\/[^/]+$/,
      'expected projects/PROJECT/locations/REGION/tensorboards/ID: an instance that is there',
    )
    .optional()
    .describe(
      'TensorBoard instance, `projects/…/locations/…/tensorboards/…`, that `tracker: vertex` writes the steps of metrics to. Absent: none is used, and none is ever made.',
    ),
});
export type GoogleKey = z.output<typeof google>;

/**
 * Keys of the pipeline file's top level, declared once. A stage names those it reads in its `inputs`
 * (`task: sharedKeys.task`; `target: sharedKeys.target.optional()` where it can do without).
 */
export const sharedKeys = {
  version: shared(z.literal(1).describe('Version of the form of this file.')),
  name: shared(
    z
      .string()
      .regex(
        /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/,
        'expected 1 to 63 lower-case letters, digits, - or _, beginning and ending with a letter or digit',
      )
      .describe('Name of the model: in the registry, in reports, in the names of runs.'),
  ),
  enabled: shared(z.boolean().default(true).describe('Whether runs do anything; `false` makes each one end at once, skipped.')),
  owner: shared(text.optional().describe('Team or person named in reports and notifications. Absent: nobody is named.')),
  task: shared(z.enum(TASKS).describe('What kind of model this is; defaults of many other keys follow from it.')),
  target: shared(target.describe('Column to predict: its name, or a mapping that says more. Absent only for tasks without one.')),
  key: shared(
    text.describe('Column that identifies a row. Absent: rows are known by their whole content, so equal rows cannot be told apart.'),
  ),
  store: shared(
    text
      .optional()
      .describe(
        'Where large files are kept between the jobs of a run and after it, `gs://BUCKET/PREFIX` or `file:FOLDER`. Absent: in the home folder, or as artifacts on GitHub.',
      ),
  ),
  registry: shared(
    text
      .regex(/^[a-z][a-z0-9+-]*(?::|$)/, 'expected a registry such as `file:FOLDER`, `git` or `gs://BUCKET/FOLDER`, not a path alone')
      .optional()
      .describe(
        'Where versions and aliases live: `file` (in the home folder), `file:FOLDER`, `git` (a branch of this repository), `gs://BUCKET/FOLDER`, or `vertex` (files in the store, shown in Vertex AI). Absent: `file` on a machine of your own, `git` on GitHub.',
      ),
  ),
  tracker: shared(
    z
      .union([tracker, z.array(tracker)])
      .transform((value) => (typeof value === 'string' ? [value] : value))
      .prefault('file')
      .describe(
        'Where runs are also logged: one tracker or a list of them, `file` (in the home folder), `file:FOLDER`, `vertex` (Vertex AI Experiments), `mlflow` (the MLflow server that MLFLOW_TRACKING_URI names) or `mlflow:https://SERVER` (credentials: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, from the environment); an empty list logs nowhere else. The record stays the truth.',
      ),
  ),
  google: shared(google.optional().describe('Where on Google Cloud lies what this file calls `vertex`. Absent: the environment says it.')),
  schedule: shared(schedule.prefault({}).describe('When runs start by themselves.')),
  run: shared(run.prefault({}).describe('How runs are carried out: retries, time limits, random numbers.')),
  home: shared(
    text
      .optional()
      .describe('Folder for runs, registry and cache. Absent: `.retrain` beside where you are; `$RUNNER_TEMP/retrain` on GitHub.'),
  ),
};
export type SharedKey = keyof typeof sharedKeys;

/** The same keys as they stand in a file: what some stages need, a file may leave out. */
export const fileKeys = {
  ...sharedKeys,
  target: shared(sharedKeys.target.optional()),
  key: shared(sharedKeys.key.optional()),
};
