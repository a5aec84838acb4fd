/** npm run generate writes every generated file; with --check it only says which ones are out of date. */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles, Unfit } from './generate/files.ts';
import { root } from './process.ts';
import { repositoryName } from './workflows/repository.ts';

/** Files written by hand in which the name of this repository stands: package.json says it, the others follow. */
const NAMING = '{{docs,examples,workflows-templates,.github/workflows}/**/*.{md,yml,yaml},*.md,actions/*/README.md}';

const check = process.argv.includes('--check');
const existing = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined);
const handWritten = globSync(NAMING, { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .map((path) => ({ path, text: existing(path) ?? '' }));
const files = await generatedFiles(existing, repositoryName(), handWritten).catch((error: unknown) => {
  if (!(error instanceof Unfit)) throw error;
  console.error(error.message);
  process.exit(1);
});

const stale: string[] = [];
for (const [path, text] of files) {
  const target = join(root, path);
  if (existing(path) === text) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}

if (check && stale.length > 0) {
  console.error(`Out of date; run \`npm run generate\` and commit:\n${stale.map((path) => `  ${path}`).join('\n')}`);
  process.exitCode = 1;
} else {
  console.log(stale.length === 0 ? `${files.size} generated files are up to date.` : `Wrote ${stale.join(', ')}.`);
}
