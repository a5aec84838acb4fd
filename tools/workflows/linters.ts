import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { goProgram } from '../go.ts';
import { captureProgram, root } from '../process.ts';
import { pythonTools } from '../python.ts';
import type { WorkflowFile } from './files.ts';
import { localised } from './rewrite.ts';

/** What a linter found; undefined is nothing. `missing`: it could not be had on this machine. */
export type LintResult = { readonly found?: string } | { readonly missing: string };

const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint';

/**
 * actionlint on the workflows as they are for tools that do not know `$/…`. Without `workflows-templates`' calls of the published
 * repository there is nothing it would have to fetch.
 */
export async function actionlint(files: readonly WorkflowFile[]): Promise<LintResult> {
  const program = await goProgram(ACTIONLINT, 'v1.7.12');
  if ('missing' in program) return program;
  return withFolder(async (folder) => {
    await captureProgram('git', ['init', '-q'], { cwd: folder });
    const paths = await writeAll(folder, files, localised);
    // It would look for the actions of the `./` form in this folder; that they exist is what the parser and the tests of actions show.
    const ignored = ['-ignore', 'could not parse action metadata|file does not exist|reusable workflow .* does not exist'];
    const { code, output } = await captureProgram(program.path, ['-no-color', '-shellcheck=', '-pyflakes=', ...ignored, ...paths], {
      cwd: folder,
    });
    return code === 0 ? {} : { found: output.trimEnd() };
  });
}

/** zizmor, offline, on the workflows as they are. Ours may be called by tag; everybody else's only by full commit. */
export async function zizmor(files: readonly WorkflowFile[], repository: string): Promise<LintResult> {
  const tools = await pythonTools(join(root, 'tools', 'requirements', 'workflows.lock'));
  if ('failure' in tools) return { missing: tools.failure };
  return withFolder(async (folder) => {
    const config = join(folder, 'zizmor.yml');
    await writeFile(
      config,
      `rules:\n  unpinned-uses:\n    config:\n      policies:\n        ${repository}/*: ref-pin\n        '*': hash-pin\n`,
    );
    const paths = await writeAll(folder, files, (text) => text);
    const args = ['--offline', '--pedantic', '--no-progress', '--color', 'never', '--config', config, ...paths];
    const { code, output } = await captureProgram(join(tools.bin, 'zizmor'), args, { cwd: folder });
    return code === 0 ? {} : { found: output.trimEnd() };
  });
}

async function writeAll(folder: string, files: readonly WorkflowFile[], change: (text: string) => string): Promise<readonly string[]> {
  const workflows = join(folder, '.github', 'workflows');
  await mkdir(workflows, { recursive: true });
  return Promise.all(
    files.map(async ({ path, text }) => {
      const target = join(workflows, basename(path));
      await writeFile(target, change(text));
      return target;
    }),
  );
}

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'retrain-workflows-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
