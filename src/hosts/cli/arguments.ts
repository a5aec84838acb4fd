import { UserError } from '../../kernel/errors.ts';
import { nearest } from '../../pipeline/words.ts';

/** What a verb accepts. `value` names the value of an option that takes one. */
export interface Option {
  readonly name: string;
  readonly value?: string;
  readonly many?: boolean;
  readonly text: string;
}

export interface Arguments {
  readonly positional: readonly string[];
  flag(name: string): boolean;
  value(name: string): string | undefined;
  values(name: string): readonly string[];
}

/** Reads `--name value`, `--name=value` and flags; an unknown option names the nearest one. */
export function readArguments(argv: readonly string[], options: readonly Option[], most: number): Arguments {
  const values = new Map<string, string[]>();
  const positional: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (!word.startsWith('--') || word === '--') {
      if (word !== '--') positional.push(word);
      continue;
    }
    const [name, inline] = splitAtEquals(word.slice(2));
    const option = options.find((candidate) => candidate.name === name);
    if (!option) {
      const guess = nearest(
        name,
        options.map((candidate) => candidate.name),
      );
      throw new UserError('unknown-option', `Unknown option --${name}.`, {
        todo: guess ? `Did you mean --${guess}?` : 'See retrain help.',
      });
    }
    if (!option.value) {
      if (inline !== undefined) throw new UserError('unexpected-value', `--${name} takes no value, found "${inline}".`);
      values.set(name, ['true']);
      continue;
    }
    const value = inline ?? argv[++i];
    if (value === undefined) throw new UserError('missing-value', `--${name} needs a value: --${name} ${option.value}.`);
    if (values.has(name) && !option.many) throw new UserError('repeated-option', `--${name} was given twice.`);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  if (positional.length > most)
    throw new UserError('too-many-arguments', `Unexpected argument "${positional[most]}".`, { todo: 'See retrain help.' });
  return {
    positional,
    flag: (name) => values.has(name),
    value: (name) => values.get(name)?.[0],
    values: (name) => values.get(name) ?? [],
  };
}

function splitAtEquals(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
