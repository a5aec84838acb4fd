import { z } from 'zod';
import { InvalidInputs } from '../kernel/errors.ts';
import { readYaml } from '../pipeline/document.ts';
import type { Clock } from '../pipeline/ticks.ts';

/** What a workflow that starts a pipeline says of when and how. */
export interface StarterWorkflow {
  readonly clocks: readonly Clock[];
  /** What can be given to who starts it by hand; absent where nobody can. */
  readonly inputs?: readonly string[];
  /** What GitHub calls its runs; absent: the name of the workflow. */
  readonly runName?: string;
}

const starterSchema = z.object({
  'run-name': z.string().optional(),
  on: z.object({
    schedule: z.array(z.object({ cron: z.string(), timezone: z.string().default('UTC') })).default([]),
    workflow_dispatch: z.object({ inputs: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  }),
});

/** Reads a workflow file as far as it says when and how it starts; `path` is shown in messages. */
export function readStarterWorkflow(text: string, path: string): StarterWorkflow {
  const read = readYaml(text, path);
  if (read.kind === 'bad') throw new InvalidInputs(read.problems, path);
  const found = starterSchema.safeParse(read.tree.value);
  if (!found.success) {
    const problems = found.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message, file: path }));
    throw new InvalidInputs(problems, path);
  }
  const { on, 'run-name': runName } = found.data;
  return {
    clocks: on.schedule.map(({ cron, timezone }) => ({ cron: [cron], timezone })),
    ...('workflow_dispatch' in on && { inputs: Object.keys(on.workflow_dispatch?.inputs ?? {}) }),
    ...(runName !== undefined && { runName }),
  };
}
