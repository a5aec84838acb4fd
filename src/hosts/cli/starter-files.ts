import { access, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import { cronFields } from '../../pipeline/cron.ts';
import type { CatchUp } from '../../pipeline/missed-ticks.ts';
import type { Door } from './door.ts';

/** A file of a starter, with what it shall hold. */
export interface StarterFile {
  readonly path: string;
  readonly text: string;
}

interface Starter {
  readonly name: string;
  /** Of the data, relative to the folder of the project. */
  readonly data: string;
  readonly schedule: CatchUp;
  readonly owner?: string;
}

// https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
const CODE_OWNER = /^@[A-Za-z\d][A-Za-z\d-]{0,38}(?:\/[\w.-]+)?$/;
/** Where GitHub looks, in this order; it takes the first it finds. */
const CODEOWNERS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

/** What GitHub can ask for a review: `@name` or `@organization/team`. */
export const isCodeOwner = (owner: string): boolean => CODE_OWNER.test(owner);

/** What a pipeline needs in its repository to be run by GitHub: workflow, watchdog where something is caught up, and its owner. */
export async function starterFiles(starter: Starter, door: Door): Promise<readonly StarterFile[]> {
  const workflow = `train-${starter.name}.yml`;
  return [
    await newFile(workflow, trainWorkflow(await template('one-model.yml', door), starter), door),
    ...(starter.schedule['catch-up'] === 'none'
      ? []
      : [await newFile(`catch-up-${starter.name}.yml`, watchdog(await template('catch-up.yml', door), starter.name, workflow), door)]),
    ...(starter.owner === undefined || !isCodeOwner(starter.owner) ? [] : [await codeOwners(starter.owner, starter.name, workflow, door)]),
  ];
}

const template = (name: string, door: Door): Promise<string> => readFile(join(door.root, 'workflows-templates', name), 'utf8');

async function newFile(file: string, text: string, door: Door): Promise<StarterFile> {
  const path = join(door.cwd, '.github', 'workflows', file);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there)
    throw new UserError('exists', `${relative(door.cwd, path)} is there already.`, { todo: 'Remove it first, or leave --github out.' });
  return { path, text };
}

/** The workflow for one model, with this model's name, files and schedule in it. */
function trainWorkflow(text: string, { name, data, schedule }: Starter): string {
  const ticks = schedule.cron.map((cron) => `    - cron: '${cronFields(cron)}'\n      timezone: ${schedule.timezone}\n`);
  return text
    .replace(
      /^# Trains one model: .*\n# Copy to .*\n/,
      '# Trains one model: when its schedule says so, by hand, and (without promoting) on every pull request that touches it.\n',
    )
    .replace(/^ {2}schedule:\n(?: {4}.*\n)+/m, `  schedule: # as in the pipeline file\n${ticks.join('')}`)
    .replaceAll('Train churn', `Train ${name}`)
    .replace('name: churn', `name: ${name}`)
    .replaceAll('pipelines/churn.yaml', `pipelines/${name}.yaml`)
    .replace('data/**]', `${JSON.stringify(data)}]`);
}

const watchdog = (text: string, name: string, workflow: string): string =>
  text
    .replace('name: Catch up\n', `name: Catch up ${name}\n`)
    .replace('group: retrain-catch-up', `group: retrain-catch-up-${name}`)
    .replace('pipelines/churn.yaml', `pipelines/${name}.yaml`)
    .replace('train-churn.yml', workflow);

/** The repository's own file, with the pipeline file and its workflow given to their owner at its end: the last line that fits is the one that counts. */
async function codeOwners(owner: string, name: string, workflow: string, door: Door): Promise<StarterFile> {
  const lines = [`/pipelines/${name}.yaml ${owner}`, `/.github/workflows/${workflow} ${owner}`];
  for (const candidate of CODEOWNERS) {
    const path = join(door.cwd, candidate);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    return { path, text: `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n` };
  }
  return { path: join(door.cwd, CODEOWNERS[0]!), text: `${lines.join('\n')}\n` };
}
