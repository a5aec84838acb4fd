import { sha256 } from '../../kernel/digest.ts';

/** Ids of contexts have 4 to 128 of `[a-z0-9-]`; Google's SDK keeps 7 free at the end of a run's. */
const RUN_ID_MAX = 121;
const EXPERIMENT_ID_MAX = 60;
const ID_MIN = 4;

/** A name as an id: small letters, digits and hyphens. What had to be cut, or is too short, carries a digest of the whole. */
function idOf(name: string, max: number, whole = name): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (plain.length >= ID_MIN && plain.length <= max) return plain;
  const digest = sha256(whole).slice(0, 8);
  return [plain.slice(0, max - digest.length - 1).replace(/-+$/, ''), digest].filter(Boolean).join('-');
}

/** Id, and name, of an experiment. */
export const experimentId = (experiment: string): string => idOf(experiment, EXPERIMENT_ID_MAX);

/**
 * Id of a run's context: `<experiment>-<run>`, as Google's SDK composes it; the run's part is what the SDK takes for its name.
 * It ends in a digest of the key, so that two runs of one name are two.
 */
export function runId(experiment: string, name: string, key: string): { readonly id: string; readonly run: string } {
  const prefix = experimentId(experiment);
  const digest = keyDigest(experiment, key).slice(0, 8);
  const plain = idOf(name, RUN_ID_MAX - prefix.length - digest.length - 2);
  // Our runs are named for their model, and so is the experiment.
  const run = `${plain.startsWith(`${prefix}-`) ? plain.slice(prefix.length + 1) : plain}-${digest}`;
  return { id: `${prefix}-${run}`, run };
}

/** What a run is found by, whatever its name. */
export const keyDigest = (experiment: string, key: string): string => sha256(`${experiment}\0${key}`);

/** Id of an artifact of a run. */
export const artifactId = (run: string, path: string): string => `artifact-${sha256(`${run}\0${path}`).slice(0, 40)}`;
