import type { GitDraft } from './git-draft.ts';
import {
  ALIASES_FILE,
  HISTORY_FILE,
  METADATA_FILE,
  readAliasesFile,
  readHistoryFile,
  readStateFile,
  STATE_FILE,
  TAGS_FILE,
} from './registry-files.ts';

export interface CommitMessage {
  readonly headline: string;
  readonly body: string;
}

const HEADLINE_MAX = 120;

/** What a change of a model did, so that `git log` of the branch reads as its history. The most telling change is the headline. */
export async function describeChange(model: string, draft: GitDraft, signal: AbortSignal): Promise<CommitMessage> {
  const lines: string[] = [];
  const after = (path: string): Uint8Array | undefined => draft.additions.get(path);
  const before = (path: string) => draft.base.read(path, signal);

  for (const path of draft.additions.keys()) {
    const [, added] = /\/versions\/(\d+)\/([^/]+)$/.exec(path) ?? [];
    const removed = /\/versions\/(\d+)\.removed$/.exec(path)?.[1];
    if (removed !== undefined) lines.push(`remove version ${removed}`);
    else if (added !== undefined && path.endsWith(`/${METADATA_FILE}`)) lines.push(`add version ${added}`);
    else if (added !== undefined && path.endsWith(`/${TAGS_FILE}`) && (await before(path.replace(TAGS_FILE, METADATA_FILE))))
      lines.push(`tag version ${added}`);
  }

  const aliases = after(`${model}/${ALIASES_FILE}`);
  if (aliases) {
    const was = readAliasesFile(await before(`${model}/${ALIASES_FILE}`), '').versions;
    const is = readAliasesFile(aliases, '').versions;
    for (const name of new Set([...Object.keys(is), ...Object.keys(was)])) {
      if (is[name] === was[name]) continue;
      lines.push(
        is[name] === undefined
          ? `no ${name} (was version ${was[name]})`
          : `${name} is version ${is[name]}${was[name] === undefined ? '' : ` (was ${was[name]})`}`,
      );
    }
  }

  const history = after(`${model}/${HISTORY_FILE}`);
  if (history) {
    const known = readHistoryFile(await before(`${model}/${HISTORY_FILE}`), '').length;
    for (const { event, run, text } of readHistoryFile(history, '').slice(known))
      lines.push(`${event}: ${text}${run === undefined ? '' : ` (run ${run})`}`);
  }

  const state = after(`${model}/${STATE_FILE}`);
  if (state) {
    const known = readStateFile(await before(`${model}/${STATE_FILE}`), '').outcomes;
    const fresh = Object.entries(readStateFile(state, '').outcomes).filter(([key, { run }]) => known[key]?.run !== run);
    for (const [, { run, outcome, reason }] of fresh) lines.push(`run ${run} ${outcome}${reason ? `: ${reason.text}` : ''}`);
    if (fresh.length === 0) lines.push('update its state');
  }

  const [first = 'change', ...rest] = lines.map(quiet);
  return { headline: cutAt(`${model}: ${first}`, HEADLINE_MAX), body: rest.join('\n') };
}

/** Text of strangers in a commit message must not break lines, call people or close issues. */
function quiet(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/#(?=\d)/g, '#\u200b');
}

const cutAt = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
