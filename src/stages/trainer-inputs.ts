import { z } from 'zod';
import type { TrainerSource } from '../providers/backends/backend.ts';

/** The inputs that say which program trains; `gate` and `train` read the same ones. */
export const trainerInputs = {
  trainer: z
    .string()
    .min(1)
    .default('tabular')
    .describe('Trainer module that comes with Retrain (`tabular`, `text-to-sql`), or `command` for your own.'),
  command: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Your own trainer: program and first arguments; the verb and job.json are appended. Absent: a module of Retrain is used.'),
  device: z.enum(['cpu', 'gpu']).default('cpu').describe('What the trainer computes on.'),
  python: z
    .strictObject({
      python: z.string().optional().describe('Interpreter to use. Absent: `python3`, else another Python from 3.10 on that is found.'),
      managed: z
        .boolean()
        .default(true)
        .describe('Build the trainer its own environment from its locked requirements; `false` uses the interpreter as it is.'),
    })
    .prefault({})
    .describe('Which Python the trainer runs in.'),
};

/** `device: gpu` asks for the environment whose libraries compute there. */
export function trainerSource({
  trainer,
  command,
  device,
}: {
  readonly trainer: string;
  readonly command?: readonly string[];
  readonly device?: string;
}): TrainerSource {
  return command ? { kind: 'command', command } : { kind: 'module', name: trainer, extras: device === 'gpu' ? ['gpu'] : [] };
}
