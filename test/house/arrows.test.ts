import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrowProblem } from './arrows.ts';
import { at, circles, readSource, readSources } from './imports.ts';

/** A file longer than this has more than one reason to exist. */
const LINES_MAX = 450;

const sources = readSources();

test('every import in src follows an arrow of DESIGN', () => {
  const wrong = sources.flatMap((source) =>
    source.imports.flatMap((one) => {
      const problem = arrowProblem(source, one);
      return problem === undefined ? [] : [`${at(source, one.line)} imports ${one.specifier}: ${problem}`];
    }),
  );
  assert.deepEqual(wrong, []);
});

test('what is imported exists', () => {
  const known = new Set(sources.map(({ path }) => path));
  const wrong = sources.flatMap((source) =>
    source.imports
      .filter(({ file }) => file?.endsWith('.ts') && !known.has(file))
      .map(({ specifier, line }) => `${at(source, line)} imports ${specifier}`),
  );
  assert.deepEqual(wrong, []);
});

test('no circles among the files of src, not even of types', () => {
  assert.deepEqual(
    circles(sources).map((files) => files.join(' -> ')),
    [],
  );
});

test('import.meta nowhere in src: inside the bundle it means something else', () => {
  assert.deepEqual(
    sources.flatMap((source) => source.importMeta.map((line) => at(source, line))),
    [],
  );
});

test('process.env only in hosts and main: everybody else is told what they need', () => {
  const wrong = sources.filter(({ path }) => !path.startsWith('hosts/') && path !== 'main.ts');
  assert.deepEqual(
    wrong.flatMap((source) => source.processEnv.map((line) => at(source, line))),
    [],
  );
});

test(`no file of src is longer than ${LINES_MAX} lines`, () => {
  assert.deepEqual(
    sources.filter(({ lines }) => lines > LINES_MAX).map(({ path, lines }) => `src/${path}: ${lines} lines`),
    [],
  );
});

test('the arrows refuse what DESIGN refuses', () => {
  const refused = (path: string, text: string) => {
    const source = readSource(path, text);
    assert.equal(source.imports.length, 1, text);
    return arrowProblem(source, source.imports[0]!) !== undefined;
  };
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['kernel/a.ts', "import { z } from 'zod';", false],
    ['kernel/a.ts', "import { x } from '../pipeline/x.ts';", true],
    ['kernel/a.ts', "import { parse } from 'yaml';", true],
    ['tables/a.ts', "import { x } from '../statistics/x.ts';", false],
    ['tables/a.ts', "import type { X } from '../kernel/record.ts';", true],
    ['statistics/a.ts', "import { BadInput } from '../tables/bad-input.ts';", false],
    ['statistics/a.ts', "import { x } from '../tables/table.ts';", true],
    ['stages/drift/stage.ts', "import { x } from './judge.ts';", false],
    ['stages/drift/stage.ts', "import { x } from '../train/stage.ts';", true],
    ['stages/drift/stage.ts', "import { registry } from '../../providers/registries/registry.ts';", false],
    ['stages/drift/stage.ts', "import { file } from '../../providers/registries/file.ts';", true],
    ['stages/drift/stage.ts', "const x = await import('../../providers/registries/file.ts');", true],
    ['stages/drift/stage.ts', "import { sharedKeys } from '../../pipeline/shared-keys.ts';", false],
    ['stages/drift/stage.ts', "import { resolve } from '../../pipeline/resolve.ts';", true],
    ['stages/drift/stage.ts', "import * as core from '@actions/core';", true],
    ['providers/registries/file.ts', "import type { Batch } from '../../tables/table.ts';", false],
    ['providers/registries/file.ts', "import { x } from '../../tables/table.ts';", true],
    ['providers/registries/file.ts', "import { x } from '../backends/local.ts';", true],
    ['providers/trackers/vertex.ts', "import type { X } from '../backends/backend.ts';", true],
    ['providers/registries/vertex.ts', "import type { X } from '../backends/backend.ts';", true],
    ['providers/backends/vertex.ts', "import type { X } from '../stores/store.ts';", false],
    ['providers/trackers/tracker.ts', "import type { X } from '../experiment-run.ts';", false],
    ['stages/train/jobs.ts', "import type { X } from '../../providers/experiment-run.ts';", false],
    ['providers/sources/file.ts', "import { x } from '../../tables/open-file.ts';", false],
    ['providers/engines/sqlite.ts', "import { x } from '../../sql/split.ts';", false],
    ['providers/stores/gs.ts', "import { x } from '../../sql/split.ts';", true],
    ['providers/stores/gs.ts', "import { Storage } from '@google-cloud/storage';", false],
    ['tables/a.ts', "import { Storage } from '@google-cloud/storage';", true],
    ['providers/backends/vertex.ts', "import * as all from '@google-cloud/aiplatform';", true],
    [
      'providers/backends/vertex.ts',
      "import { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client.js';",
      false,
    ],
    ['providers/notifiers/github-issue.ts', "import { getOctokit } from '@actions/github';", false],
    ['providers/notifiers/slack.ts', "import { getOctokit } from '@actions/github';", true],
    ['catalog.ts', "import { drift } from './stages/drift/stage.ts';", true],
    ['catalog.ts', "const drift = () => import('./stages/drift/stage.ts');", false],
    ['main.ts', "import { cli } from './hosts/cli.ts';", false],
    ['main.ts', "import { x } from './stages/drift/stage.ts';", true],
    ['attic/a.ts', "import { x } from '../kernel/x.ts';", true],
    ['kernel/a.ts', "import { x } from '../../tools/x.ts';", true],
  ];
  for (const [path, text, expected] of cases) assert.equal(refused(path, text), expected, `${path}: ${text}`);
});

test('the scanner sees every way to import, import.meta and process.env, and nothing in texts', () => {
  const source = readSource(
    'hosts/a.ts',
    `import a from './a.ts';
import type { B } from './b.ts';
import { type C } from './c.ts';
export { d } from './d.ts';
type E = import('./e.ts').E;
const f = () => import('./f.ts');
const text = "import x from './no.ts'; process.env; import.meta";
const m = import.meta.dirname;
const { env } = process;
const v = process.env.HOME, w = process['env'];
`,
  );
  assert.deepEqual(
    source.imports.map(({ file, typeOnly, dynamic }) => `${file}${typeOnly ? ' type' : ''}${dynamic ? ' dynamic' : ''}`),
    ['hosts/a.ts', 'hosts/b.ts type', 'hosts/c.ts type', 'hosts/d.ts', 'hosts/e.ts type', 'hosts/f.ts dynamic'],
  );
  assert.deepEqual(source.importMeta, [8]);
  assert.deepEqual(source.processEnv, [9, 10, 10]);
});

test('a circle is found, also a long one', () => {
  const file = (path: string, to: string) => readSource(path, `import { x } from './${to}.ts';`);
  assert.deepEqual(circles([file('k/a.ts', 'b'), file('k/b.ts', 'c'), file('k/c.ts', 'a')]), [['k/a.ts', 'k/b.ts', 'k/c.ts', 'k/a.ts']]);
  assert.deepEqual(circles([file('k/a.ts', 'b'), readSource('k/b.ts', "import type { X } from './a.ts';")]), [
    ['k/a.ts', 'k/b.ts', 'k/a.ts'],
  ]);
});
