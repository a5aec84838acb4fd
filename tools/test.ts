/**
 * npm test [-- NAME…] runs every test but the heavy ones; npm run test:all -- [NAME…] runs all of them, those of the Python
 * trainers among them (backends/python-suite).
 * NAME narrows to the test files whose path contains it.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { root, runProgram } from './process.ts';

/** Proofs that take minutes or a browser: they run in `test:all`, before a release and in CI. */
const HEAVY = /(^|\/)(heavy|e2e-heavy)\//;

const args = process.argv.slice(2);
const all = args.includes('--all');
const names = args.filter((argument) => !argument.startsWith('--'));
const flags = args.filter((argument) => argument.startsWith('--') && argument !== '--all');

const files = globSync('test/**/*.test.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => all || !HEAVY.test(file))
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
  .sort();

if (files.length === 0) {
  console.error(`No test file's path contains ${names.map((name) => `"${name}"`).join(' or ')}.`);
  process.exit(2);
}

process.exitCode = await runProgram(process.execPath, [
  '--test',
  // Tests start children (trainers, servers); more files at once than cores makes each slow and none faster.
  `--test-concurrency=${Math.max(2, Math.min(8, availableParallelism()))}`,
  '--test-reporter=spec',
  ...flags,
  ...files,
]);
