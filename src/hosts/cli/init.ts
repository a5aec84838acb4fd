import { access } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { providers } from '../../catalog.ts';
import { writeWhole } from '../../kernel/durable-file.ts';
import { InvalidInputs, UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import { cronProblem } from '../../pipeline/cron.ts';
import type { CatchUp } from '../../pipeline/missed-ticks.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { suggestion } from '../../pipeline/words.ts';
import type { Data } from '../../providers/sources/source.ts';
import { cacheOf } from '../run.ts';
import type { Arguments } from './arguments.ts';
import type { Door, Verb } from './door.ts';
import { isCodeOwner, starterFiles } from './starter-files.ts';

const NAME = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;
// A target with more different values is a number to predict, not a class.
const CLASSES_MAX = 20;
const SQL = /^\s*(?:select|with)\b/i;
// Columns of text-to-SQL data that no question stands in.
const NO_QUESTION = ['db_id', 'sql_complexity', 'difficulty'];

export const init: Verb = {
  name: 'init',
  summary: 'Write a first pipeline file for a table.',
  usage: 'NAME --data FILE --target COLUMN [--key COLUMN] [options]',
  arguments: 1,
  options: [
    { name: 'data', value: 'FILE', text: 'A table to look at: CSV, JSON or Parquet.' },
    { name: 'target', value: 'COLUMN', text: 'Column to predict.' },
    { name: 'key', value: 'COLUMN', text: 'Column that names a row.' },
    { name: 'positive', value: 'LABEL', text: 'Label that counts as positive, for two classes.' },
    {
      name: 'owner',
      value: 'OWNER',
      text: 'Team or person that reports name; with --github a handle (@name, @org/team) gets into CODEOWNERS.',
    },
    { name: 'cron', value: 'CRON', text: 'When it runs: five fields of cron, or @hourly, @daily, @weekly, @monthly, @yearly.' },
    { name: 'timezone', value: 'ZONE', text: 'Time zone of --cron, such as Europe/Berlin; UTC by default.' },
    { name: 'catch-up', value: 'WHAT', text: 'Which missed runs are started later: none, latest or all; none by default.' },
    {
      name: 'github',
      text: 'Also write a workflow that runs it on GitHub (weekly by default), and keep versions on a branch (`registry: git`).',
    },
  ],
  async run(args, door) {
    const [name] = args.positional;
    const [data, target, key] = [args.value('data'), args.value('target'), args.value('key')];
    if (name === undefined || data === undefined || target === undefined)
      throw new UserError(
        'missing-argument',
        'retrain init needs a name, --data and --target: retrain init churn --data data/churn.csv --target Churn.',
      );
    if (!NAME.test(name)) throw new UserError('bad-name', `Expected a name of lower-case letters, digits, - and _, found "${name}".`);
    const path = join(door.cwd, 'pipelines', `${name}.yaml`);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      throw new UserError('exists', `${relative(door.cwd, path)} is there already.`, { todo: 'Remove it first, or choose another name.' });

    const settings = {
      ...door,
      home: join(door.cwd, '.retrain'),
      cache: cacheOf(join(door.cwd, '.retrain'), door.env),
      base: door.cwd,
      model: name,
      shared: {},
      inputs: {},
      log: () => undefined,
    };
    const table = await ((await providers.data!(settings)) as Data).open(data, {}, door.signal);
    const columns = table.schema.map((field) => field.name);
    for (const column of [target, key]) {
      if (column !== undefined && !columns.includes(column))
        throw new UserError('unknown-column', `${data} has no column "${column}".${suggestion(column, columns)}`);
    }
    const github = args.flag('github');
    const owner = args.value('owner');
    const schedule = scheduleOf(args, github);
    const files =
      github && schedule ? await starterFiles({ name, data: relative(door.cwd, resolve(door.cwd, data)), schedule, owner }, door) : [];
    await writeWhole(
      path,
      await draft({ name, data, target, key, positive: args.value('positive'), owner, schedule, github }, table, door),
    );
    for (const file of files) {
      await writeWhole(file.path, file.text);
      door.out.write(`Wrote ${relative(door.cwd, file.path)}.\n`);
    }
    if (github) door.out.write('Commit them to the default branch, and GitHub runs the pipeline.\n');
    if (github && owner !== undefined && !isCodeOwner(owner))
      door.out.write(`${owner} is no handle of GitHub (@name or @organization/team): CODEOWNERS says nothing of it.\n`);
    door.out.write(
      `Wrote ${relative(door.cwd, path)}. Next: retrain check ${relative(door.cwd, path)}, then retrain run ${relative(door.cwd, path)}.\n`,
    );
    return EXIT.fine;
  },
};

type Table = Awaited<ReturnType<Data['open']>>;

interface Wish {
  readonly name: string;
  readonly data: string;
  readonly target: string;
  readonly key?: string;
  readonly positive?: string;
  readonly owner?: string;
  readonly schedule?: CatchUp;
  /** Versions live on a branch of the repository. */
  readonly github: boolean;
}

// Mondays, not on the full hour, when GitHub is busiest.
const WEEKLY = '17 4 * * 1';

/** What was said of the schedule; weekly where GitHub shall run it and nothing was said. */
function scheduleOf(args: Arguments, github: boolean): CatchUp | undefined {
  const given = Object.fromEntries(['cron', 'timezone', 'catch-up'].flatMap((key) => (args.value(key) ? [[key, args.value(key)]] : [])));
  if (!github && Object.keys(given).length === 0) return undefined;
  const problem = given.cron === undefined ? undefined : cronProblem(given.cron);
  if (problem !== undefined) throw new UserError('bad-cron', `--cron: ${problem}.`);
  const found = sharedKeys.schedule.safeParse({ ...(github && { cron: WEEKLY }), ...given });
  if (found.success && found.data.cron === undefined)
    throw new UserError('no-cron', '--timezone is that of --cron, which is not given.', { todo: 'Give both.' });
  if (found.success) return found.data as CatchUp;
  const problems = found.error.issues.map(({ path, message }) => ({ path: `--${path.join('.')}`, message }));
  throw new InvalidInputs(problems, 'options of init');
}

const scheduleText = ({ cron, timezone, 'catch-up': catchUp }: CatchUp): string => {
  const zone = timezone === 'UTC' ? '' : `, timezone: ${timezone}`;
  return `\nschedule: { cron: ${JSON.stringify(cron[0])}${zone}${catchUp === 'none' ? '' : `, catch-up: ${catchUp}`} }`;
};

async function draft({ name, data, target, key, positive, owner, schedule, github }: Wish, table: Table, door: Door): Promise<string> {
  const labels = await labelsOf(table, target, door);
  const regression = labels === undefined;
  const sql = labels !== undefined && labels.length > 0 && labels.every((label) => SQL.test(label));
  if (!regression && labels.length === 2 && positive !== undefined && !labels.includes(positive))
    throw new UserError('no-positive', `--positive is "${positive}", but the labels found are ${labels.join(', ')}.`);
  const chosen = labels?.length === 2 ? (positive ?? labels[1]) : undefined;
  const gate = regression
    ? ''
    : sql
      ? textToSql(questionIn(table, [target, key]))
      : `\nevaluate:\n  gates: { ${chosen === undefined ? 'accuracy' : 'auc_roc'}: ">= 0.70" } # raise it to what your use needs\n`;
  return `version: 1
name: ${name}${owner === undefined ? '' : `\nowner: ${JSON.stringify(owner)}`}
task: ${regression ? 'regression' : sql ? 'text-to-sql' : 'classification'}
target: ${chosen === undefined ? JSON.stringify(target) : `{ column: ${JSON.stringify(target)}, positive: ${JSON.stringify(chosen)} }`}
${key === undefined ? '# key: the column that names a row' : `key: ${JSON.stringify(key)}`}${github ? '\nregistry: git # versions live on a branch of this repository' : ''}${schedule === undefined ? '' : scheduleText(schedule)}

fetch-data:
  source: ${JSON.stringify(data)}

prepare-data:
  split: { test: 20 % }
${gate}`;
}

/** The column that holds the question: by its usual names, else the first of texts. */
function questionIn(table: Table, taken: readonly (string | undefined)[]): string | undefined {
  const texts = table.schema.filter(({ name, type }) => type === 'text' && !taken.includes(name) && !NO_QUESTION.includes(name));
  return ['input_text', 'question'].find((usual) => texts.some(({ name }) => name === usual)) ?? texts[0]?.name;
}

const textToSql = (question = 'input_text') => `
train:
  trainer: text-to-sql # a tiny T5, from nothing; fetch-model.initial names a base
  params: { template: ${JSON.stringify(`{${question}}`)} } # what it reads of a row

evaluate:
  gates: { exact_match: ">= 0.60" } # raise it to what your use needs

syntax-validate:
  dialect: sqlite # the database the SQL is for
`;

/** Labels of a column with few values; undefined for one that holds numbers to predict. */
async function labelsOf(table: Table, target: string, door: Door): Promise<string[] | undefined> {
  const texts = new Set<string>();
  const numbers = new Set<number>();
  for await (const { columns, rows } of table.batches({ columns: [target], signal: door.signal })) {
    const column = columns[0]!;
    for (let row = 0; row < rows; row++) {
      if (column.kind === 'text') {
        if (column.codes[row]! >= 0) texts.add(column.dictionary[column.codes[row]!]!);
      } else if (column.missing?.[row] !== 1) numbers.add(column.values[row]!);
    }
    if (texts.size > CLASSES_MAX || numbers.size > CLASSES_MAX) return numbers.size > 0 ? undefined : [...texts].sort();
  }
  return texts.size > 0 ? [...texts].sort() : [...numbers].sort((a, b) => a - b).map(String);
}
