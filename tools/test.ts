/**
 * npm test [-- NAME…] runs every test but the heavy ones; npm run test:all -- [NAME…] runs all of them.
 * NAME narrows to the test files whose path contains it.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { onCi, root, runProgram } from './process.ts';
import { testTrainers } from './test-trainers.ts';

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

const trainers = all && names.length === 0 ? await testTrainers({ required: onCi }) : 0;
const tests = await runProgram(process.execPath, [
  '--test',
  // Tests start children (trainers, servers); more files at once than cores makes each slow and none faster.
  `--test-concurrency=${Math.max(2, Math.min(8, availableParallelism()))}`,
  '--test-reporter=spec',
  ...flags,
  ...files,
]);
if (trainers !== 0) console.error('The tests of the Python trainers failed; see above.');
process.exitCode = tests === 0 ? trainers : tests;
