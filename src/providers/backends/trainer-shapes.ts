import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';
import type { FitReport, TrainerDescription } from './backend.ts';

const name = z.string().min(1).max(200);
const object = z.record(z.string(), z.unknown());

/** What `describe` prints. */
export const descriptionSchema = z.object({
  contract: z.literal(1),
  name,
  version: z.string().max(200),
  tasks: z.array(name).min(1),
  algorithms: z.array(z.object({ name, tasks: z.array(name).min(1), parameters: object, search: object.optional() })).min(1),
  warmStart: z.boolean().default(false),
  formats: z.array(name).min(1).default(['csv']),
}) satisfies z.ZodType<TrainerDescription>;

const figures = z.record(z.string().max(100), z.number()).refine((record) => Object.keys(record).length <= 50);
const scores = { mean: z.number(), std: z.number().min(0).optional(), folds: z.array(z.number()).max(10_000).optional() };

/** `fit.json`. Keys that the contract does not know are left out. */
export const fitReportSchema = z.object({
  contract: z.literal(1),
  algorithm: name,
  parameters: object.default({}),
  cv: z.object({ method: z.string().max(100).default('stratified'), metric: name, ...scores }).optional(),
  trials: z
    .array(z.object({ parameters: object, ...scores }))
    .max(100_000)
    .default([]),
  importance: z.string().max(100).optional(),
  importances: z
    .array(z.object({ feature: z.string(), importance: z.number() }))
    .max(1_000_000)
    .default([]),
  history: z
    .array(z.object({ step: z.int(), metrics: figures }))
    .max(10_000)
    .default([]),
  rows: z.int().min(0).optional(),
  seconds: z.number().min(0).optional(),
  library: z.record(z.string(), z.string()).default({}),
  warnings: z.array(z.string()).max(1_000).default([]),
}) satisfies z.ZodType<FitReport>;

/** A line of `progress.jsonl`. */
export const progressSchema = z.object({ step: z.int().optional(), done: z.number().min(0).max(1), metrics: figures.default({}) });

/** What the backend itself reads of a job; the rest is the trainer's to check. */
export const jobSchema = z.object({
  task: z.string().optional(),
  algorithm: name,
  output: name,
  key: name,
  parts: z.record(z.string(), z.object({ path: z.string(), format: z.string().default('csv') })).default({}),
  target: z.object({ column: z.string(), classes: z.array(z.string()).default([]) }).nullish(),
});
export type JobFacts = z.infer<typeof jobSchema>;

/** `job-invalid` for what is none. */
export function factsOf(job: unknown): JobFacts {
  const parsed = jobSchema.safeParse(job);
  if (!parsed.success) throw new UserError('job-invalid', `The job is not one: ${problemsOf(parsed.error)}.`);
  return parsed.data;
}

/** The problems of a parse as `path: message`, joined. */
export function problemsOf(error: z.ZodError): string {
  const shown = error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || '(whole)'}: ${message}`);
  const more = error.issues.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
