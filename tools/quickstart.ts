import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * `npm run quickstart`: the churn example, from a raw table to a promoted model.
 * `npm run quickstart -- --next-month` lets the next month's file arrive first.
 */
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const EXAMPLE = join(ROOT, 'examples', 'churn');
const DATA = join(EXAMPLE, 'data');
const MONTHS = join(EXAMPLE, 'months');
/** Beside the pipeline file, relative to the clone. */
const HOME = 'examples/churn/.retrain';
const MONTHS_AT_FIRST = 4;

const nextMonth = process.argv.includes('--next-month');
const unknown = process.argv.slice(2).filter((argument) => argument !== '--next-month');
if (unknown.length > 0) {
  process.stderr.write(`quickstart: unknown argument ${unknown[0]}; the only one is --next-month.\n`);
  process.exit(2);
}

await mkdir(DATA, { recursive: true });
const all = (await readdir(MONTHS)).sort();
const there = (await readdir(DATA)).filter((name) => all.includes(name));
const arriving =
  there.length === 0 ? all.slice(0, MONTHS_AT_FIRST) : nextMonth ? all.filter((name) => !there.includes(name)).slice(0, 1) : [];
if (nextMonth && there.length > 0 && arriving.length === 0) process.stdout.write('All months have arrived already.\n');
for (const name of arriving) await copyFile(join(MONTHS, name), join(DATA, name));
if (arriving.length > 0) process.stdout.write(`Arrived in examples/churn/data: ${arriving.join(', ')}\n`);

const code = await retrain(['run', 'examples/churn/pipelines/churn.yaml']);
if (code === 0) {
  const left = all.filter((name) => !there.includes(name) && !arriving.includes(name));
  const lines = [
    left.length > 0 ? 'Let the next month arrive and run again:  npm run quickstart -- --next-month' : undefined,
    `Score rows with the champion:             npx retrain predict churn --home ${HOME} --data examples/churn/months/2026-06.csv --output scores.csv`,
    `Its versions, and who is champion:        npx retrain registry list --home ${HOME}`,
  ];
  process.stdout.write(`\n${lines.filter((line) => line !== undefined).join('\n')}\n`);
}
process.exitCode = code;

/** In a process group of the terminal's, so that Ctrl-C reaches it; its exit code is ours. */
function retrain(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(ROOT, 'src', 'main.ts'), ...args], { cwd: ROOT, stdio: 'inherit' });
  // The child ends itself on Ctrl-C and leaves a record; we only wait for it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => resolve(status ?? 130));
  });
}
