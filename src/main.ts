import { dirname, resolve } from 'node:path';
import process from 'node:process';

/** The terminal. `root`: the folder of Retrain, known to the door that starts this. */
export async function runCli(argv: readonly string[], root: string): Promise<number> {
  const { runTerminal } = await import('./hosts/cli.ts');
  return runTerminal(argv, root);
}

/** One stage as an action of GitHub's; also its post step. The exit code says how it ended. */
export async function runAction(stage: string, root: string): Promise<void> {
  const { startAction } = await import('./hosts/action.ts');
  process.exitCode = await startAction(stage, resolve(root));
}

/** A thread or a process of ours, started by the bundle itself. */
export async function runWorker(role: string): Promise<void> {
  const { startWorker } = await import('./hosts/worker.ts');
  await startWorker(role);
}

// Started as it stands, in a clone; a bundle is started by a stub that calls what it needs. (No `await` here: it would make the bundle a promise.)
const script = process.argv[1];
if (script?.endsWith('main.ts')) {
  void runCli(process.argv.slice(2), dirname(dirname(script))).then((code) => {
    process.exitCode = code;
  });
}
