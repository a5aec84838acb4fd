import { readFile } from 'node:fs/promises';
import { outcomeOf } from '../../kernel/flow.ts';
import type { Manifest } from '../../kernel/record.ts';
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
  // The model's name is a word of letters, digits, - and _: it cannot end the marker.
  const marker = `<!-- retrain: ${manifest.model} -->`;
  const run = { ...manifest, outcome: outcomeOf(manifest.records).outcome };
  const body = reportMarkdown(run, { bytesMax: COMMENT_BYTES_MAX, fullReport: manifest.links[0]?.url });
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(COMMENT_SECONDS * 1000)]);
  return (await forge.keepComment(pullRequest, marker, body, bounded)).url;
}
