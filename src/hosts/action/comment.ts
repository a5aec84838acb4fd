import { readFile } from 'node:fs/promises';
import { outcomeOf } from '../../kernel/flow.ts';
import type { Manifest, StageRecord } from '../../kernel/record.ts';
import { listRuns } from '../../kernel/run-folder.ts';
import type { Forge } from '../../providers/forge/forge.ts';
import { COMMENT_BYTES_MAX, reportMarkdown } from '../../report/markdown.ts';

const COMMENT_SECONDS = 60;

/** Number of the pull request this workflow run is for; undefined when it is for none. */
export async function pullRequestOf(env: Readonly<Record<string, string | undefined>>): Promise<number | undefined> {
  if (env.GITHUB_EVENT_NAME !== 'pull_request' || !env.GITHUB_EVENT_PATH) return undefined;
  const event = JSON.parse(await readFile(env.GITHUB_EVENT_PATH, 'utf8')) as { pull_request?: { number?: unknown } };
  const number = event.pull_request?.number;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** Keeps one comment a pipeline on a pull request, edited at each push: the report, as long as a comment may be. Gives its address. */
export async function commentRun(forge: Forge, pullRequest: number, manifest: Manifest, signal: AbortSignal): Promise<string> {
  return keep(forge, pullRequest, `retrain: ${manifest.model}`, manifest, signal);
}

/** Stages that judge what is there already: alone in a pull request, they have something to say to its reader. */
const JUDGES = new Set(['validate-data', 'drift', 'evaluate', 'bias-check', 'syntax-validate']);

/** Whether an action has something to say on a pull request: of a run the one that reports, alone each that judges. */
export const comments = (stage: string, pipeline: string | undefined): boolean =>
  pipeline === undefined ? JUDGES.has(stage) : stage === 'report';

/**
 * The same for stages used alone: one comment for those of a job, or for those that were given the same `name`. It is made anew from what
 * each of them has left in the home folder, so it does not matter how many have run.
 */
export async function commentAlone(
  forge: Forge,
  pullRequest: number,
  { home, job, manifest }: { readonly home: string; readonly job: string; readonly manifest: Manifest },
  signal: AbortSignal,
): Promise<string> {
  const title = titleOf(manifest, job);
  const here = ({ pipeline, links, ...run }: Manifest): boolean =>
    pipeline === undefined && links[0]?.url === manifest.links[0]?.url && titleOf(run, job) === title;
  const runs = (await listRuns(home)).map((run) => run.manifest).filter(here);
  // Newest first: an earlier attempt of the same stage is left out.
  const records = new Map<string, StageRecord>();
  for (const record of runs.flatMap((run) => run.records)) if (!records.has(record.stage)) records.set(record.stage, record);
  const started = runs.map((run) => run.started).sort()[0] ?? manifest.started;
  const run: Manifest = { ...manifest, model: title, started, records: [...records.values()].reverse() };
  return keep(forge, pullRequest, `retrain alone: ${title}`, run, signal);
}

/** The `name` it was given; a stage without one is called after itself, and told of under its job. */
const titleOf = ({ model, records }: Pick<Manifest, 'model' | 'records'>, job: string): string =>
  records.some(({ stage }) => stage === model) ? job : model;

async function keep(forge: Forge, pullRequest: number, marker: string, manifest: Manifest, signal: AbortSignal): Promise<string> {
  const run = { ...manifest, outcome: outcomeOf(manifest.records).outcome };
  const body = reportMarkdown(run, { bytesMax: COMMENT_BYTES_MAX, fullReport: manifest.links[0]?.url });
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(COMMENT_SECONDS * 1000)]);
  // Names of models and jobs are words of letters, digits, - and _: they cannot end the marker.
  return (await forge.keepComment(pullRequest, `<!-- ${marker} -->`, body, bounded)).url;
}
