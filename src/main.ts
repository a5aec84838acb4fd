import { dirname } from 'node:path';
import process from 'node:process';

/** The terminal. `root`: the folder of Retrain, known to the door that starts this. */
export async function runCli(argv: readonly string[], root: string): Promise<number> {
  const { runTerminal } = await import('./hosts/cli.ts');
  return runTerminal(argv, root);
}

// Started as it stands, in a clone; a bundle is started by a stub that calls what it needs.
const script = process.argv[1];
if (script?.endsWith('main.ts')) process.exitCode = await runCli(process.argv.slice(2), dirname(dirname(script)));
