/**
 * What names this repository in the templates is written by npm run generate.
 *
 * node tools/workflows.ts pin SHA FOLDER  writes the reusable workflows for servers without `$/…`: our actions by repository and commit.
 * node tools/workflows.ts local FOLDER    writes them for tools that run workflows in a clone, such as act.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { workflowFiles } from './workflows/files.ts';
import { repositoryName } from './workflows/repository.ts';
import { localised, pinnedTo } from './workflows/rewrite.ts';

const [verb, ...rest] = process.argv.slice(2);
const own = () => workflowFiles().filter(({ path }) => path.startsWith('.github/workflows/'));

function writeTo(folder: string, change: (text: string) => string): void {
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of own()) writeFileSync(join(folder, basename(path)), change(text));
}

if (verb === 'pin' && rest.length === 2) writeTo(rest[1]!, (text) => pinnedTo(text, repositoryName(), rest[0]!));
else if (verb === 'local' && rest.length === 1) writeTo(rest[0]!, localised);
else {
  console.error('Expected: pin SHA FOLDER | local FOLDER.');
  process.exitCode = 2;
}
