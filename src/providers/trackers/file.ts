import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { codeOf, copyDigested, explainFileError, partialName, writeWhole } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import { withFileLock } from '../../kernel/file-lock.ts';
import { artifactParts } from './artifact-path.ts';
import { addPoints } from './file-points.ts';
import type { TrackedRun, Tracker } from './tracker.ts';

const RUN_FILE = 'run.json';

export const trackedRunSchema = z.strictObject({
  schema: z.literal('retrain/tracked-run/1'),
  experiment: z.string(),
  name: z.string(),
  key: z.string(),
  outcome: z.enum(['running', 'finished', 'failed', 'killed']),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  tags: z.record(z.string(), z.string()),
});
type RunFile = z.infer<typeof trackedRunSchema>;

/**
 * Runs as plain files: `<root>/<experiment>/<run>/{run.json, metrics.jsonl, artifacts/…}`; the id is `<experiment>/<run>`.
 * A line of `metrics.jsonl` is `{name, value, step, at}`, or `{name, value, at}` for a figure of the whole run; a value that is no number is
 * the text `NaN`, `Infinity` or `-Infinity`.
 */
export function fileTracker(options: { readonly root: string; readonly log?: (line: string) => void }): Tracker {
  const root = resolve(options.root);

  const change = async (id: string, edit: (run: RunFile) => RunFile, signal: AbortSignal): Promise<void> =>
    explained(folderOf(root, id), async (folder) => {
      await readRun(folder);
      await withFileLock(
        join(folder, '.lock'),
        async () => writeWhole(join(folder, RUN_FILE), `${JSON.stringify(edit(await readRun(folder)), undefined, 2)}\n`),
        { signal, log: options.log },
      );
    });

  return {
    name: 'file',

    async start(run, signal) {
      signal.throwIfAborted();
      const experiment = slug(run.experiment);
      return explained(join(root, experiment), async (folder) => {
        await mkdir(folder, { recursive: true });
        const suffix = `-${digest(`${run.experiment}\0${run.key}`)}`;
        return withFileLock(
          join(folder, '.lock'),
          async () => {
            const known = (await readdir(folder)).find((name) => name.endsWith(suffix));
            const name = known ?? slug(run.name) + suffix;
            await mkdir(join(folder, name), { recursive: true });
            if (known === undefined || !(await hasRun(join(folder, name)))) await writeWhole(join(folder, name, RUN_FILE), newRun(run));
            else await change(`${experiment}/${name}`, (before) => ({ ...before, outcome: 'running' }), signal);
            return `${experiment}/${name}`;
          },
          { signal, log: options.log },
        );
      });
    },

    params: (id, params, signal) => change(id, (run) => ({ ...run, params: { ...run.params, ...params } }), signal),
    tags: (id, tags, signal) => change(id, (run) => ({ ...run, tags: { ...run.tags, ...tags } }), signal),
    finish: (id, outcome, signal) => change(id, (run) => ({ ...run, outcome }), signal),

    async metrics(id, metrics, signal) {
      signal.throwIfAborted();
      await explained(folderOf(root, id), async (folder) => {
        await readRun(folder);
        await withFileLock(join(folder, '.lock'), () => addPoints(join(folder, 'metrics.jsonl'), metrics), { signal, log: options.log });
      });
    },

    async artifact(id, path, file, signal) {
      const parts = artifactParts(path);
      await explained(folderOf(root, id), async (folder) => {
        await readRun(folder);
        const to = join(folder, 'artifacts', ...parts);
        await mkdir(dirname(to), { recursive: true });
        const partial = partialName(to);
        await copyDigested(file, partial, { signal });
        await rename(partial, to).finally(() => rm(partial, { force: true }));
      });
    },
  };
}

/** An id is a name that `start` gave; anything else must not become a path. */
function folderOf(root: string, id: string): string {
  const parts = id.split('/');
  if (parts.length !== 2 || parts.some((part) => part !== slug(part)))
    throw new UserError('no-such-run', `${JSON.stringify(id)} is no id of a tracked run.`);
  return join(root, ...parts);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** A name any file system holds; what had to be changed is told apart by a digest. */
function slug(text: string): string {
  const plain = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, 80);
  return plain === text && text !== '' ? text : `${plain || 'run'}-${digest(text)}`;
}

function newRun({ experiment, name, key }: TrackedRun): string {
  const run: RunFile = { schema: 'retrain/tracked-run/1', experiment, name, key, outcome: 'running', params: {}, tags: {} };
  return `${JSON.stringify(run, undefined, 2)}\n`;
}

const hasRun = (folder: string): Promise<boolean> =>
  readRun(folder).then(
    () => true,
    (error: unknown) => {
      if (error instanceof UserError && error.code === 'no-such-run') return false;
      throw error;
    },
  );

async function readRun(folder: string): Promise<RunFile> {
  const path = join(folder, RUN_FILE);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') throw new UserError('no-such-run', `There is no tracked run in ${folder}.`, { cause: error });
    throw error;
  });
  try {
    return trackedRunSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError('tracking-corrupted', `${path} is damaged, or of another Retrain.`, {
      cause: error,
      todo: 'Move the folder away; the run’s records are not touched by it.',
    });
  }
}

async function explained<T>(folder: string, work: (folder: string) => Promise<T>): Promise<T> {
  try {
    return await work(folder);
  } catch (error) {
    throw explainFileError(
      error,
      'track the run',
      error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : folder,
    );
  }
}
