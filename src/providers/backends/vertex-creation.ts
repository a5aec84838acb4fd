import { UserError, WorldError } from '../../kernel/errors.ts';
import { vertexStatus } from '../google/vertex-errors.ts';
import type { VertexPlace } from '../google/vertex-place.ts';
import { acceleratorsOf, machineText } from './machines.ts';
import type { Machine } from './vertex-job.ts';

/** Why a job was not made, with what to do about it; other errors come back as they were. */
export function explainCreation(error: unknown, machine: Machine, { project, region }: VertexPlace): unknown {
  if (!(error instanceof Error)) return error;
  const options = (todo: string) => ({ cause: error, todo });
  switch (vertexStatus(error)) {
    case 'PERMISSION_DENIED':
      return new UserError(
        'vertex-forbidden',
        error.message,
        options(
          `Give the principal this step runs as aiplatform.customJobs.create in ${project} (roles/aiplatform.user), and, when google.service-account is set, iam.serviceAccounts.actAs on that account.`,
        ),
      );
    case 'RESOURCE_EXHAUSTED':
      return new WorldError(
        'vertex-quota',
        error.message,
        options(
          `The quota of ${project} for ${machineText(machine)} in ${region}, or that of 60 jobs a minute, is used up: wait, ask for more under IAM & Admin, Quotas, or choose another machine or region.`,
        ),
      );
    case 'INVALID_ARGUMENT': {
      const pairs = acceleratorsOf(machine.type);
      return new UserError(
        'vertex-refused',
        error.message,
        options(
          pairs === undefined
            ? 'Correct train.machine (docs/vertex.md has a table) or train.image.'
            : `${machine.type} has ${pairs}: correct train.machine, or train.image.`,
        ),
      );
    }
    default:
      return error;
  }
}
