import { UserError } from '../../kernel/errors.ts';
import type { Around } from '../run.ts';

const TODO =
  'Give the step the environment variable GITHUB_TOKEN (`github.token`) for a registry on a branch of this repository, or name one that stays: `registry: file:FOLDER` on a disk that outlives the job.';

/** The home folder of a runner is gone when the job ends, and a registry in it as well. */
export const FORGETS = `expected a registry that outlives the job; \`file\` lies in the home folder, which a runner removes. ${TODO}`;

/** A stage that needs no registry this time is not kept from running; one that asks it anything is told. */
export const refuseForgetful: Around = (kind, provider) => {
  if (kind !== 'registry') return provider;
  return new Proxy(provider as object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return () => Promise.reject(new UserError('registry-forgets', 'No registry that outlives this job is named.', { todo: TODO }));
    },
  });
};
