import { z } from 'zod';
import { machineProblem } from '../providers/backends/machines.ts';

/** The inputs that say where a trainer runs; `gate` reads those that its environment depends on, too. */
export const backendInputs = {
  backend: z
    .enum(['local', 'vertex'])
    .default('local')
    .describe('Where the trainer runs: `local`, the machine of this step; `vertex`, jobs of Vertex AI that this step starts and watches.'),
  machine: z
    .strictObject({
      type: z.string().min(1).describe('Machine type of Compute Engine, e.g. `g2-standard-8`.'),
      accelerator: z
        .string()
        .regex(/^[A-Z][A-Z0-9_]+$/, 'expected a name as Vertex AI spells it, e.g. NVIDIA_L4')
        .optional()
        .describe('GPU, e.g. `NVIDIA_TESLA_T4`. Absent: the one the machine type has built in, or none.'),
      count: z.int().min(1).optional().describe('Number of GPUs. Absent: as many as the machine type has built in, else 1.'),
      strategy: z
        .enum(['standard', 'spot', 'flex-start'])
        .default('standard')
        .describe('`spot` is cheaper and may be taken away, `flex-start` waits until the machine is free.'),
      restarts: z
        .boolean()
        .default(true)
        .describe('May Vertex AI start the container again in place when it was killed? The trainer then goes on from its checkpoint.'),
    })
    .optional()
    .describe('What a job of `backend: vertex` runs on. Absent: `n1-standard-8`; with `device: gpu` `g2-standard-8`, which has one L4.'),
  image: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Container image for `backend: vertex`, by digest (`NAME@sha256:…`). Absent: one of Google’s, which moves, with the trainer as a package.',
    ),
  'allow-tag': z.boolean().default(false).describe('Take an image by its tag, although what it names may change.'),
  wait: z
    .enum(['attached', 'detached'])
    .default('attached')
    .describe('`detached` ends the run as `submitted` once the jobs of `backend: vertex` are started; `retrain resume` goes on with it.'),
};

interface Chosen {
  readonly backend: string;
  readonly machine?: { readonly type: string; readonly accelerator?: string; readonly count?: number };
  readonly image?: string;
  readonly 'allow-tag': boolean;
  readonly store?: string;
  readonly device: string;
  readonly command?: readonly string[];
  readonly algorithms?: readonly string[];
}

type Found = { readonly path: string; readonly message: string };

/** What can be known to be wrong before a job is asked for. */
export function backendProblems(inputs: Chosen): readonly Found[] {
  if (inputs.backend !== 'vertex') return [];
  const problems: Found[] = [];
  const wrong = (path: string, message: string) => problems.push({ path, message });
  if (inputs.store === undefined)
    wrong('store', 'expected a bucket (gs://BUCKET/FOLDER), because of train.backend: vertex; found nothing.');
  if (inputs.image !== undefined && !inputs['allow-tag'] && !/@sha256:[0-9a-f]{64}$/.test(inputs.image))
    wrong(
      'image',
      `expected an image by digest (NAME@sha256:…), found ${inputs.image}: a tag may name another image tomorrow. allow-tag takes it.`,
    );
  if (inputs.command !== undefined && inputs.image === undefined)
    wrong('image', 'expected an image that holds the command, because of train.command; found nothing.');
  if (inputs.command !== undefined && inputs.algorithms === undefined)
    wrong(
      'algorithms',
      'expected the names of the algorithms, because a command in an image cannot be asked before its job; found nothing.',
    );
  if (inputs.machine === undefined) return problems;
  const problem = machineProblem(inputs.machine);
  if (problem !== undefined) wrong(`machine.${problem.key}`, problem.message);
  else if (inputs.machine.accelerator !== undefined && inputs.device === 'cpu')
    wrong('device', `expected gpu, because of machine.accelerator: ${inputs.machine.accelerator}; found cpu.`);
  return problems;
}
