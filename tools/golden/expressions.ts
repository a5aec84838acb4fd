/**
 * node tools/golden/expressions.ts FOLDER: writes test/workflows/golden/expressions.json from `expressions/testdata` of
 * github.com/actions/languageservices, checked out at the tag of the installed @actions/expressions. The package itself leaves its test data out.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../process.ts';

interface Case {
  readonly expr: string;
  readonly contexts?: unknown;
  readonly result?: unknown;
  readonly err?: unknown;
  readonly options?: { readonly skip?: readonly string[] };
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('Expected the folder expressions/testdata.');
const { version } = JSON.parse(readFileSync(join(root, 'node_modules', '@actions', 'expressions', 'package.json'), 'utf8')) as {
  version: string;
};
const cases = readdirSync(folder)
  .sort()
  .flatMap((name) =>
    Object.values(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, readonly Case[]>)
      .flat()
      .filter(({ options }) => !options?.skip?.includes('typescript'))
      .map(({ expr, contexts, result, err }) => JSON.stringify({ of: basename(name, '.json'), expr, contexts, result, err })),
  );
const head = { source: `github.com/actions/languageservices, release-v${version}, expressions/testdata`, license: 'MIT, Copyright GitHub', version };
const text = `${JSON.stringify(head).slice(0, -1)},"cases":[\n${cases.join(',\n')}\n]}\n`;
writeFileSync(join(root, 'test', 'workflows', 'golden', 'expressions.json'), text);
console.log(`${cases.length} cases of ${version}.`);
