import type { Problem } from '../../kernel/errors.ts';
import { readYamlValue } from '../../pipeline/document.ts';
import { logicalDateProblem } from '../logical-date.ts';

/** Inputs that belong to the door, not to the stage. */
export const DOOR_INPUTS = ['pipeline', 'overrides', 'run-id', 'logical-date', 'force'] as const;

/** What an action was told. */
export interface ActionInputs {
  readonly pipeline?: string;
  readonly overrides?: string;
  readonly runId?: string;
  readonly logicalDate?: string;
  readonly force?: boolean;
  /** Texts of all other inputs, by key. */
  readonly with: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Everything that stands in `INPUT_*`. An empty text is no value: that is how a runner says that an input is absent. A runner keeps the
 * hyphens of a name, others turn them into underscores: both are found.
 *
 * @param known names the action declares; what else is given keeps the name it came with, so that it is told as unknown.
 */
export function readActionInputs(env: Readonly<Record<string, string | undefined>>, known: readonly string[]): ActionInputs {
  const names = new Map([...known, ...DOOR_INPUTS].map((name) => [plain(name), name]));
  const given: Record<string, string> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('INPUT_') || text === undefined || text.trim() === '') continue;
    const name = variable.slice('INPUT_'.length);
    given[names.get(plain(name)) ?? name.toLowerCase()] = text;
  }

  const problems: Problem[] = [];
  const wrong = (path: string, message: string) => problems.push({ path, message, file: 'with' });
  const { pipeline, overrides, 'run-id': runId, 'logical-date': logicalDate, force, ...rest } = given;
  const badDate = logicalDate === undefined ? undefined : logicalDateProblem(logicalDate.trim());
  if (badDate !== undefined) wrong('logical-date', badDate);
  if (runId !== undefined && !RUN_ID.test(runId.trim())) {
    wrong('run-id', `expected letters, digits, ".", "_" and "-", at most 128, found ${JSON.stringify(runId)}.`);
  }
  if (pipeline === undefined) {
    if (overrides !== undefined) wrong('overrides', 'expected a pipeline file beside it (`pipeline`): it changes keys of that file.');
    if (runId !== undefined) wrong('run-id', 'expected a pipeline file beside it (`pipeline`): an action alone is a run of its own.');
  }
  // Alone, `force` is the stage's own input, if it has one.
  const forced = pipeline === undefined || force === undefined ? undefined : readYamlValue(force);
  const value = forced !== undefined && 'value' in forced ? forced.value : undefined;
  if (forced !== undefined && typeof value !== 'boolean') wrong('force', `expected true or false, found ${JSON.stringify(force)}.`);
  return {
    pipeline: pipeline?.trim(),
    overrides,
    runId: runId?.trim(),
    logicalDate: logicalDate?.trim(),
    force: typeof value === 'boolean' ? value : undefined,
    with: pipeline === undefined && force !== undefined ? { ...rest, force } : rest,
    problems,
  };
}

const plain = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
