import { stages, standalone } from '../../src/catalog.ts';
import { readArguments } from '../../src/hosts/cli/arguments.ts';
import type { Verb } from '../../src/hosts/cli/door.ts';
import { VERBS } from '../../src/hosts/cli.ts';

/** Why a `retrain …` line of the docs would not be understood; undefined when it would. */
export async function readCommand(command: string): Promise<string | undefined> {
  const [verbName = '', ...rest] = wordsOf(command.replace(/^\s*(?:npx )?retrain /, '')).map((word) => (word === '…' ? '' : word));
  if (verbName === 'help' || verbName === 'VERB' || verbName === '') return undefined;
  const verb = await (VERBS as Readonly<Record<string, (() => Promise<Verb>) | undefined>>)[verbName]?.();
  if (verb === undefined) return `no verb ${verbName}`;
  try {
    const args = readArguments(
      rest.filter((word) => word !== ''),
      verb.options,
      verb.arguments,
    );
    // A verb with actions lists them in its usage: `list [MODEL] | show MODEL`.
    const actions = [...verb.usage.matchAll(/(?:^|\| )([a-z]+)/g)].map(([, action]) => action);
    const [action] = args.positional;
    if (actions.length > 0 && action !== undefined && !actions.includes(action)) return `${verbName} has no ${action}`;
    const names = [...stages, ...standalone].map(({ name }) => name);
    for (const stage of [...args.values('only'), ...args.values('from')])
      if (stage !== 'STAGE' && !names.includes(stage)) return `no stage ${stage}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

/** Words as a shell makes them, up to a comment. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [whole] of line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    if (whole.startsWith('#')) break;
    words.push(whole.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return words;
}
