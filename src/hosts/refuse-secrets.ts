import { InvalidInputs, type Problem } from '../kernel/errors.ts';
import type { Redact } from '../kernel/redact-record.ts';
import { isSharedKey } from '../pipeline/declaration.ts';
import { pathText } from '../pipeline/path.ts';
import type { Resolved } from '../pipeline/resolved.ts';
import { redactor } from './redact.ts';

const MESSAGE =
  'holds a secret, or what looks like one. A run keeps its configuration in records and files that others read; secrets come from the environment, by the names the docs list.';

/** Secrets are never keys. The key is named, the value is not. */
export function refuseSecrets(
  { shared, stages }: Pick<Resolved, 'shared' | 'stages'>,
  env: Readonly<Record<string, string | undefined>>,
  subject: string,
): void {
  const redact = redactor(env);
  const problems = [
    ...secretsIn(shared, [], redact),
    ...Object.entries(stages).flatMap(([name, { inputs }]) =>
      secretsIn(Object.fromEntries(Object.entries(inputs).filter(([key]) => !isSharedKey(key))), [name], redact),
    ),
  ];
  if (problems.length > 0) throw new InvalidInputs(problems, subject);
}

function secretsIn(value: unknown, path: readonly string[], redact: Redact): readonly Problem[] {
  if (typeof value === 'string')
    return redact(value, 'value') === value ? [] : [{ path: redact(pathText(path), 'value'), message: MESSAGE }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const own = redact(key, 'value') === key ? [] : [{ path: redact(pathText([...path, key]), 'value'), message: MESSAGE }];
    return [...own, ...secretsIn(each, [...path, key], redact)];
  });
}
