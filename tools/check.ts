/** npm run check: everything about the tree that is not a test of behaviour. Every step runs, then the exit code tells. */
import { join } from 'node:path';
import { captureProgram, onCi, root } from './process.ts';
import { pythonTools } from './python.ts';
import { workflowFiles } from './workflows/files.ts';
import { actionlint, type LintResult, zizmor } from './workflows/linters.ts';
import { workflowProblems } from './workflows/parser.ts';
import { repositoryName } from './workflows/repository.ts';

type Found = { readonly kind: 'good' } | { readonly kind: 'bad' | 'left-out'; readonly text: string };

interface Step {
  readonly name: string;
  readonly run: () => Promise<Found>;
}

const node = process.execPath;
const installed = (...path: string[]) => join(root, 'node_modules', ...path);

async function good(program: string, args: readonly string[]): Promise<Found> {
  const { code, output } = await captureProgram(program, args);
  return code === 0 ? { kind: 'good' } : { kind: 'bad', text: output.trimEnd() };
}

/** A tool of Python on the trainers, once for each list of arguments, until one finds something. */
async function onTrainers(tool: string, calls: readonly (readonly string[])[]): Promise<Found> {
  const tools = await pythonTools(join(root, 'tools', 'requirements', 'check.lock'));
  if ('failure' in tools) return { kind: onCi ? 'bad' : 'left-out', text: tools.failure };
  for (const args of calls) {
    const found = await good(join(tools.bin, tool), args);
    if (found.kind !== 'good') return found;
  }
  return { kind: 'good' };
}

const ruff = [
  ['check', '--no-cache', 'trainers'],
  ['format', '--check', '--no-cache', 'trainers'],
];
const mypy = [['--config-file', 'trainers/pyproject.toml', '--cache-dir', join('.cache', 'mypy'), 'trainers/retrain_trainers']];

async function parsedByGitHub(): Promise<Found> {
  const problems: string[] = [];
  for (const { path, text } of workflowFiles()) problems.push(...(await workflowProblems(path, text)));
  return problems.length === 0 ? { kind: 'good' } : { kind: 'bad', text: problems.join('\n') };
}

const linted = (result: LintResult): Found => {
  if ('missing' in result) return { kind: onCi ? 'bad' : 'left-out', text: result.missing };
  return result.found === undefined ? { kind: 'good' } : { kind: 'bad', text: result.found };
};

const steps: readonly Step[] = [
  { name: 'types (tsc)', run: () => good(node, [installed('typescript', 'bin', 'tsc'), '--noEmit', '-p', '.']) },
  {
    name: 'format and lint (biome)',
    run: () => good(node, [installed('@biomejs', 'biome', 'bin', 'biome'), 'check', '.']),
  },
  { name: 'generated files (npm run generate)', run: () => good(node, [join(root, 'tools', 'generate.ts'), '--check']) },
  { name: 'arrows and house rules', run: () => good(node, ['--test', '--test-reporter=spec', 'test/house/*.test.ts']) },
  { name: 'trainers (ruff)', run: () => onTrainers('ruff', ruff) },
  { name: 'types of the trainers (mypy)', run: () => onTrainers('mypy', mypy) },
  { name: 'workflows (the parser of GitHub)', run: parsedByGitHub },
  { name: 'workflows (actionlint)', run: async () => linted(await actionlint(workflowFiles())) },
  { name: 'workflows (zizmor)', run: async () => linted(await zizmor(workflowFiles(), repositoryName())) },
];

let bad = 0;
for (const { name, run } of steps) {
  const began = performance.now();
  const found = await run();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (found.kind === 'bad') bad += 1;
  const word = { good: 'good', bad: 'BAD', 'left-out': 'left out' }[found.kind];
  console.log(`${word.padEnd(8)} ${name} (${seconds} s)${found.kind === 'left-out' ? `: ${found.text}` : ''}`);
  if (found.kind === 'bad') console.log(found.text.replace(/^/gm, '         '));
}
process.exitCode = bad === 0 ? 0 : 1;
