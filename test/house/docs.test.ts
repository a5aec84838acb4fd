import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { stages as entries, standalone } from '../../src/catalog.ts';
import type { Stage } from '../../src/kernel/stage.ts';
import { resolve } from '../../src/pipeline/resolve.ts';
import { readCommand } from './commands.ts';
import { root } from './imports.ts';

const pages = ['README.md', 'CONTRIBUTING.md', 'examples/churn/README.md', 'examples/text-to-sql/README.md', ...markdownBelow('docs')].map(
  (path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }),
);

function markdownBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .sort();
}

/** Fenced blocks of one language, joined where a line ends in a backslash. */
const blocks = (text: string, language: string) =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, name]) => name === language)
    .map(([, , body]) => (body as string).replace(/\\\n\s*/g, ''));

/** `retrain …` in shell blocks and in code within text. */
function commandsOf(text: string): string[] {
  const lines = blocks(text, 'sh').flatMap((block) => block.split('\n'));
  const prose = [...text.replace(/^```.*?^```/gms, '').matchAll(/`((?:npx )?retrain [^`\n]+)`/g)].map(([, code]) => code as string);
  return [...lines, ...prose].filter((line) => /^\s*(?:npx )?retrain /.test(line));
}

const faultsOf = async (commands: readonly { path: string; command: string }[]) =>
  (await Promise.all(commands.map(async ({ path, command }) => ({ path, command, fault: await readCommand(command) })))).flatMap(
    ({ path, command, fault }) => (fault === undefined ? [] : [`${path}: ${command.trim()}: ${fault}`]),
  );

test('every command the docs show is one: verb, options and number of arguments', async () => {
  const commands = pages.flatMap(({ path, text }) => commandsOf(text).map((command) => ({ path, command })));
  assert.ok(commands.length > 40, `${commands.length} commands found`);
  assert.deepEqual(await faultsOf(commands), []);
});

test('a verb, an option, an action or a stage that is not there is found', async () => {
  const wrong = [
    'retrain runn x',
    'retrain run x --forse',
    'retrain registry lst',
    'retrain check a b',
    'npx retrain run --only drfit --set a=b',
  ];
  assert.equal((await faultsOf(wrong.map((command) => ({ path: 'x.md', command })))).length, wrong.length);
  assert.deepEqual(
    await faultsOf([{ path: 'x.md', command: "npx retrain run FILE --only drift --set 'a=[b c]'   # with a word about it" }]),
    [],
  );
});

test('every link between pages leads to a file and to a heading of it', () => {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
  const broken = pages.flatMap(({ path, text }) =>
    [...text.replace(/^```.*?^```/gms, '').matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].flatMap(([, link]) => {
      const [to, anchor] = (link as string).split('#') as [string, string?];
      const file = to === '' ? join(root, path) : join(root, dirname(path), to);
      if (!existsSync(file) || relative(root, file).startsWith('..')) return [`${path}: ${link}`];
      if (anchor === undefined || !file.endsWith('.md')) return [];
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading as string));
      return headings.includes(anchor) ? [] : [`${path}: ${link}`];
    }),
  );
  assert.deepEqual(broken, []);
});

test('the commands npm run the docs name are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([a-z][\w:]*)/g)].map(([, script]) => ({ path, script: script as string })),
  );
  assert.deepEqual(
    named.filter(({ script }) => !(script in scripts)),
    [],
  );
});

const stages: Readonly<Record<string, Stage>> = Object.fromEntries(
  await Promise.all(entries.map(async ({ name, load }) => [name, await load()] as const)),
);
const problemsOf = (name: string, text: string) => {
  const found = resolve({ file: { name, text }, sets: [], stages });
  return found.kind === 'invalid' ? found.problems : [];
};

test('the pipeline file of the README is one', () => {
  const [file] = blocks(pages[0]!.text, 'yaml');
  assert.ok(file?.startsWith('version: 1'));
  assert.deepEqual(problemsOf('README.md', file), []);
});

/** A file that is whole but for the section a page shows. */
const around = (section: string, snippet: string) =>
  [
    'version: 1\nname: churn\ntask: classification\ntarget: { column: Churn, positive: "Yes" }\nkey: customerID',
    ...Object.entries({ 'fetch-data': '{ source: data/*.csv }', 'prepare-data': '{ split: { test: 20 % } }' }).flatMap(([key, value]) =>
      key === section ? [] : [`${key}: ${value}`],
    ),
    snippet,
  ].join('\n');

test('what the page of a stage shows of a pipeline file is right', () => {
  const names = [...entries, ...standalone].map(({ name }) => name);
  for (const name of names) {
    const page = pages.find(({ path }) => path === `docs/stages/${name}.md`);
    for (const snippet of page ? blocks(page.text, 'yaml') : [])
      assert.deepEqual(problemsOf(`docs/stages/${name}.md`, around(name, snippet)), [], `${name}:\n${snippet}`);
  }
});

test('every condition for an identity from GitHub trusts numbers, which nobody can take over, not names or the text of sub', () => {
  const conditions = pages.flatMap(({ text }) =>
    [...text.matchAll(/attribute-condition="([^"]+)"/g)].map(([, condition]) => condition as string),
  );
  assert.ok(conditions.length > 0);
  for (const condition of conditions) {
    assert.match(condition, /assertion\.repository_id == '\d+'/);
    assert.doesNotMatch(condition, /assertion\.(?:sub|repository|repository_owner)\b(?!_)/);
  }
});
