import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseWorkflow } from '../../tools/workflows/parser.ts';

type Values = Readonly<Record<string, unknown>>;

export interface StepFile {
  readonly id?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Values;
  readonly env?: Values;
}

export interface JobFile {
  readonly needs?: string | readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
  readonly permissions?: Permissions;
  readonly environment?: unknown;
  readonly strategy?: { readonly 'fail-fast'?: boolean; readonly 'max-parallel'?: unknown; readonly matrix: unknown };
  readonly steps?: readonly StepFile[];
  /** Of a job that calls a workflow. */
  readonly uses?: string;
  readonly with?: Values;
  readonly secrets?: Values | 'inherit';
}

interface InputFile {
  readonly type?: string;
  readonly default?: unknown;
  readonly required?: boolean;
  readonly options?: readonly string[];
}

export interface WorkflowFile {
  readonly on: {
    readonly workflow_call?: {
      readonly inputs?: Readonly<Record<string, InputFile>>;
      readonly secrets?: Readonly<Record<string, { readonly required?: boolean }>>;
      readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
    };
    readonly workflow_dispatch?: { readonly inputs?: Readonly<Record<string, InputFile>> } | null;
  };
  readonly permissions?: Permissions;
  readonly env?: Values;
  readonly jobs: Readonly<Record<string, JobFile>>;
}

export interface Workflow {
  readonly name: string;
  readonly file: WorkflowFile;
  /** Conditions as GitHub's parser gives them: of each job, and of its steps. */
  readonly conditions: ReadonlyMap<string, { readonly job: string; readonly steps: readonly string[] }>;
}

/** What a step or a job may say beside what is imitated: it changes nothing that is looked at here. */
const KEYS = {
  file: ['name', 'run-name', 'on', 'permissions', 'env', 'concurrency', 'jobs'],
  step: ['id', 'name', 'uses', 'run', 'with', 'env', 'if'],
  job: 'name needs if runs-on timeout-minutes permissions environment outputs strategy steps uses with secrets'.split(' '),
};

/** A workflow by its text, through GitHub's own parser. Throws what GitHub refuses, and what the executor does not imitate. */
export async function readWorkflow(name: string, text: string): Promise<Workflow> {
  const { template } = await parseWorkflow(name, text);
  const file = parse(text) as WorkflowFile;
  refuseOthers(name, file, KEYS.file);
  for (const [id, job] of Object.entries(file.jobs)) {
    refuseOthers(`${name}, job ${id}`, job, KEYS.job);
    for (const step of job.steps ?? []) refuseOthers(`${name}, a step of ${id}`, step, KEYS.step);
  }
  const conditions = template.jobs.map((job) => {
    const steps = job.type === 'job' ? job.steps.map((step) => ('if' in step ? (step.if?.expression ?? 'success()') : 'success()')) : [];
    return [job.id.value, { job: job.if.expression, steps }] as const;
  });
  return { name, file, conditions: new Map(conditions) };
}

/** The workflow a job calls: one of Retrain's own. */
export async function calledWorkflow(uses: string, retrain: string): Promise<Workflow> {
  const name = /^(?:\$|[\w.-]+\/retrain)\/\.github\/workflows\/([\w-]+\.yml)(?:@v1)?$/.exec(uses)?.[1];
  if (!name) throw new Error(`${uses} is no workflow of Retrain.`);
  return readWorkflow(name, await readFile(join(retrain, '.github', 'workflows', name), 'utf8'));
}

/** Inputs of a called workflow: declared ones only, of the declared type, defaults filled in. */
export function callInputs({ name, file }: Workflow, given: Values): Values {
  const declared = file.on.workflow_call?.inputs ?? {};
  for (const [input, value] of Object.entries(given)) {
    const { type } = declared[input] ?? {};
    if (type === undefined) throw new Error(`${name} has no input ${input}.`);
    if (typeof value !== type) throw new Error(`${name}: ${input} expects a ${type}, found ${JSON.stringify(value)}.`);
  }
  return Object.fromEntries(
    Object.entries(declared).map(([input, { type, default: value, required }]) => {
      if (required && !(input in given)) throw new Error(`${name}: ${input} is not given.`);
      return [input, given[input] ?? value ?? (type === 'boolean' ? false : type === 'number' ? 0 : '')];
    }),
  );
}

/** Inputs of a start by hand, as `gh workflow run` gives them: texts that become what is declared. Without a start by hand there are none. */
export function dispatchInputs({ name, file }: Workflow, event: string, given: Readonly<Record<string, string>>): Values {
  if (event !== 'workflow_dispatch') return {};
  const declared = file.on.workflow_dispatch?.inputs ?? {};
  for (const input of Object.keys(given)) if (!(input in declared)) throw new Error(`${name} has no input ${input}.`);
  return Object.fromEntries(
    Object.entries(declared).map(([input, { type, default: preset, required, options }]) => {
      const value = given[input] ?? preset ?? '';
      if (required && value === '') throw new Error(`${name}: ${input} is not given.`);
      if (options && !options.includes(String(value))) throw new Error(`${name}: ${input} is one of ${options.join(', ')}.`);
      return [input, type === 'boolean' ? String(value) === 'true' : value];
    }),
  );
}

export type Access = 'none' | 'read' | 'write';
export type Permissions = Readonly<Record<string, Access>>;
const RANK: readonly Access[] = ['none', 'read', 'write'];

/** What a called job may do: what it asks for, which its caller must have been granted. Without a caller: what it asks for. */
export function grantedTo(where: string, asked: Permissions | undefined, caller: Permissions | undefined): Permissions {
  const wanted = asked ?? caller ?? {};
  if (caller === undefined) return wanted;
  for (const [scope, access] of Object.entries(wanted)) {
    if (RANK.indexOf(access) > RANK.indexOf(caller[scope] ?? 'none')) {
      throw new Error(`${where} is requesting '${scope}: ${access}', but is only allowed '${scope}: ${caller[scope] ?? 'none'}'.`);
    }
  }
  return wanted;
}

export const namesOf = (needs: JobFile['needs']): readonly string[] => (typeof needs === 'string' ? [needs] : (needs ?? []));

function refuseOthers(where: string, found: object, known: readonly string[]): void {
  const other = Object.keys(found).find((key) => !known.includes(key));
  if (other !== undefined) throw new Error(`${where}: the executor does not imitate ${other}.`);
}
