import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';
import { suggestion } from '../../pipeline/words.ts';
import type { AlgorithmDescription, TrainerDescription } from '../../providers/backends/backend.ts';
import type { Params } from '../tracked-run.ts';

interface Wanted {
  readonly task: string;
  readonly algorithms?: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
}

/** The algorithms asked for, or all the trainer has for the task. */
export function chooseAlgorithms(trainer: TrainerDescription, { task, algorithms }: Wanted): readonly AlgorithmDescription[] {
  const able = trainer.algorithms.filter(({ tasks }) => tasks.includes(task));
  const names = able.map(({ name }) => name);
  if (able.length === 0) {
    throw new UserError(
      'unsupported-task',
      `The trainer ${trainer.name} has no algorithm for task ${task}; it knows ${trainer.tasks.join(', ')}.`,
      { todo: 'Choose another trainer or task.' },
    );
  }
  return (algorithms ?? names).map((name) => {
    const found = able.find((algorithm) => algorithm.name === name);
    if (found) return found;
    const other = trainer.algorithms.find((algorithm) => algorithm.name === name);
    const text = other
      ? `train.algorithms: ${name} is for ${other.tasks.join(', ')}, the task is ${task}.`
      : `train.algorithms: the trainer ${trainer.name} has no "${name}".${suggestion(name, names)}`;
    throw new UserError('unknown-algorithm', text, { todo: `For ${task} it has ${names.join(', ')}.` });
  });
}

/** Parameters given for an algorithm; with one algorithm they may stand without its name. */
export function parametersOf({ params }: Wanted, algorithm: AlgorithmDescription, count: number): Readonly<Record<string, unknown>> {
  const own = params[algorithm.name];
  const given = typeof own === 'object' && own !== null ? (own as Record<string, unknown>) : count === 1 && own === undefined ? params : {};
  if (algorithm.parameters.additionalProperties === true) return given;
  const properties = (algorithm.parameters as { properties?: Record<string, unknown> }).properties ?? {};
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(properties, name));
  if (stranger !== undefined) {
    throw new UserError(
      'unknown-parameter',
      `train.params: ${algorithm.name} has no parameter "${stranger}".${suggestion(stranger, Object.keys(properties))}`,
      {
        todo: `It has ${Object.keys(properties).join(', ')}.`,
      },
    );
  }
  for (const [name, value] of Object.entries(given)) {
    const expected = misfit(value, properties[name]);
    if (expected === undefined) continue;
    const braces =
      typeof value === 'object' && value !== null && !Array.isArray(value) && expected.includes('string')
        ? { todo: 'In YAML a text with braces stands in quotes.' }
        : {};
    throw new UserError('bad-parameter', `train.params: ${name}: expected ${expected}, found ${JSON.stringify(value)}.`, braces);
  }
  return given;
}

/** https://json-schema.org/draft/2020-12/json-schema-validation#section-6.1.1 */
const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'];

const parameterSchema = z.object({
  type: z.union([z.string(), z.array(z.string())]).default([]),
  enum: z.array(z.unknown()).min(1).optional(),
  default: z.unknown().optional(),
  nullable: z.boolean().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});

/** What was expected where a value breaks its schema's type, enum or bounds: no job need be started to learn that. The rest the trainer checks. */
function misfit(value: unknown, schema: unknown): string | undefined {
  const read = parameterSchema.safeParse(schema);
  if (!read.success) return undefined;
  const { type, enum: choices, default: usual, nullable, minimum, maximum } = read.data;
  if (value === usual || choices?.includes(value) || (value === null && nullable)) return undefined;
  if (choices?.every((choice) => typeof choice !== 'object' && choice !== value)) return `one of ${choices.join(', ')}`;
  const types = [type].flat();
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const fits = (one: string) => one === kind || (one === 'integer' && Number.isInteger(value));
  // A word of the trainer's own says nothing to us.
  if (types.length > 0 && types.every((one) => TYPES.includes(one)) && !types.some(fits)) return types.join(' or ');
  if (typeof value !== 'number') return undefined;
  if (minimum !== undefined && value < minimum) return `at least ${minimum}`;
  return maximum !== undefined && value > maximum ? `at most ${maximum}` : undefined;
}

/** What the trainer takes where nothing is given. */
export function defaultsOf({ parameters }: AlgorithmDescription): Record<string, unknown> {
  const { properties = {} } = parameters as { readonly properties?: Readonly<Record<string, { readonly default?: unknown }>> };
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) => (schema.default === undefined ? [] : [[name, schema.default]])),
  );
}

/** Parameters of an algorithm as trackers show them: by name, which is led by the algorithm's where there are several. */
export const hyperparameters = (algorithm: string | undefined, parameters: Readonly<Record<string, unknown>>): Params =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      algorithm === undefined ? name : `${algorithm}.${name}`,
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : JSON.stringify(value),
    ]),
  );
