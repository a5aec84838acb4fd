import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../imports.ts';

/** A folder outside the clone with the packed package installed, its dependencies linked from the clone. */
let folder: string;

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const run = (program: string, args: readonly string[], cwd = folder): string =>
  execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
    shell: program.endsWith('.cmd'),
  });
const compile = (module: string, resolution: string): string => {
  const options = ['--strict', '--noEmit', '--target', 'es2024', '--types', 'node', '--module', module, '--moduleResolution', resolution];
  return run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...options, 'use.ts']);
};

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'retrain-library-'));
  run(npm, ['pack', '--ignore-scripts=false', '--silent', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string;
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'retrain'), { recursive: true });
  run('tar', ['xzf', join(folder, tarball), '-C', join(modules, 'retrain'), '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  writeFileSync(join(folder, 'rows.csv'), 'id,plan,price\na,basic,1.5\nb,plus,2.5\nc,basic,\n');
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('installed from a tarball, plain JavaScript reads a table, measures a model and tests two samples', () => {
  const program = `
    import { openTable, profile } from 'retrain/tables';
    import { classificationRows, findMetric } from 'retrain/metrics';
    import { ksTest } from 'retrain/statistics';
    const described = await profile(await openTable('rows.csv'));
    const rows = classificationRows({ truth: [0, 1, 1, 0], scores: [0.1, 0.8, 0.6, 0.6], positive: 1 });
    const area = await findMetric('binary', 'auc_roc').estimate(rows);
    console.log(JSON.stringify([described.rows, area.value, ksTest([1, 2, 3], [4, 5, 6]).statistic]));`;
  writeFileSync(join(folder, 'use.mjs'), program);
  assert.deepEqual(JSON.parse(run(process.execPath, ['use.mjs'])), [3, 0.875, 1]);
});

test('its types are checked strictly under Node and under a bundler', () => {
  const program = `
    import { openTable, profile, type Table } from 'retrain/tables';
    import { type ClassificationRows, classificationRows, findMetric } from 'retrain/metrics';
    import { wilson } from 'retrain/statistics';
    export const table: Promise<Table> = openTable('rows.csv');
    export const rows: ClassificationRows = classificationRows({ truth: ['a', 'b'], predicted: ['a', 'b'] });
    export const low: number = wilson(3, 12).low;
    // @ts-expect-error a metric's name is text
    findMetric('binary', 1);
    export { profile };`;
  writeFileSync(join(folder, 'use.ts'), program);
  assert.equal(compile('nodenext', 'nodenext'), '');
  assert.equal(compile('esnext', 'bundler'), '');
});

test('only the three rooms can be imported, and the package brings what its command starts', () => {
  const refused = run(process.execPath, ['-e', "import('retrain/lib/tables/index.js').catch(({ code }) => console.log(code))"]);
  assert.equal(refused.trim(), 'ERR_PACKAGE_PATH_NOT_EXPORTED');
  const packed = readdirSync(join(folder, 'node_modules', 'retrain'));
  for (const name of ['bin', 'actions', 'trainers', 'schema', 'workflows-templates', 'LICENSE', 'README.md'])
    assert.ok(packed.includes(name), name);
  for (const name of ['src', 'test', 'tools']) assert.equal(packed.includes(name), false, name);
});
