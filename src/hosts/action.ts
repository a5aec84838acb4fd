import './read-once.ts';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endGroup, error, getState, info, saveState, setOutput, setSecret, startGroup, summary, warning } from '@actions/core';
import type { Manifest } from '../kernel/record.ts';
import type { Forge } from '../providers/forge/forge.ts';
import { actionRequest } from './action/action-request.ts';
import { commentAlone, commentRun, comments, pullRequestOf } from './action/comment.ts';
import { cancelKeptJobs, noteJobs } from './action/kept-jobs.ts';
import { logView } from './action/log-view.ts';
import { publishError, publishRun } from './action/publish.ts';
import type { Runner } from './action/runner.ts';
import { redactor, SECRET_LENGTH_MIN, SECRET_NAMES } from './redact.ts';
import { type Around, makeProviders, type RunRequest, run } from './run.ts';

const POST = 'retrain-post';
/** Actions that are no stages: they carry runs from job to job, and tell of them elsewhere. */
const BESIDE: Readonly<Record<string, (env: NodeJS.ProcessEnv, runner: Runner, signal: AbortSignal) => Promise<number>>> = {
  'hand-over': async (...given) => (await import('./hand-over.ts')).handOver(...given),
  'comment-fork': async (...given) => (await import('./workflow-run.ts')).tell('comment-fork', ...given),
  overview: async (...given) => (await import('./workflow-run.ts')).tell('overview', ...given),
};

/** The GitHub door, for every stage: inputs in, outputs and summary out, then the verdict as exit code. */
export async function startAction(stage: string, root: string): Promise<number> {
  const runner = gitHubRunner(process.env);
  if (runner.kept(POST) !== '') return afterwards(stage, root, runner);
  runner.keep(POST, 'true');
  maskSecrets(runner, process.env);

  const stop = new AbortController();
  const onSignal = () => stop.abort();
  // The runner sends SIGINT, SIGTERM 7.5 s later, and kills after 2.5 s more.
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const beside = Object.hasOwn(BESIDE, stage) ? BESIDE[stage] : undefined;
  if (beside) return beside(process.env, runner, stop.signal);
  const view = logView(runner);
  try {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    const { request, warnings } = await actionRequest(stage, {
      cwd: process.cwd(),
      root,
      version,
      env: process.env,
      clock: () => new Date(),
    });
    const { google, store } = request.shared;
    const noted = noteJobs(runner, { home: request.home, base: request.base, shared: { google, store } });
    const around: Around = (kind, provider) => noted.around(kind, request.around?.(kind, provider) ?? provider);
    const manifest = await run({ ...request, around }, view, stop.signal);
    view.close();
    if (manifest.records.some((record) => record.stage === stage && record.outcome === 'submitted')) noted.forget();
    const code = await publishRun(runner, stage, { ...request, warnings }, manifest);
    if (comments(stage, request.pipeline)) await comment(runner, stage, request, manifest, stop.signal);
    return code;
  } catch (error) {
    view.close();
    return publishError(runner, stage, error, stop.signal.aborted);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** The summary is there already; a comment that cannot be written (a fork's token may not) takes nothing from the run. */
async function comment(runner: Runner, stage: string, request: RunRequest, manifest: Manifest, signal: AbortSignal): Promise<void> {
  try {
    const pullRequest = await pullRequestOf(process.env);
    if (pullRequest === undefined) return;
    const alone = request.pipeline === undefined;
    if (alone && !process.env.GITHUB_TOKEN) {
      runner.write('No comment on the pull request: the step has no GITHUB_TOKEN in its environment.');
      return;
    }
    const settings = { ...request, inputs: {}, log: (line: string) => runner.write(line), signal };
    const { forge } = (await makeProviders({ forge: { kind: 'forge' } }, settings)) as { readonly forge: Forge };
    const url = alone
      ? await commentAlone(forge, pullRequest, { home: request.home, job: process.env.GITHUB_JOB ?? stage, manifest }, signal)
      : await commentRun(forge, pullRequest, manifest, signal);
    runner.write(`The report is a comment: ${url}`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    runner.annotate('warning', `No comment on the pull request; the summary of this run holds the report. ${message}`, { title: 'report' });
  }
}

/** The post step. It reads no inputs: what it needs was kept. */
async function afterwards(stage: string, root: string, runner: Runner): Promise<number> {
  try {
    await cancelKeptJobs(runner, { root, env: process.env });
    return 0;
  } catch (error) {
    return publishError(runner, stage, error, false);
  }
}

/** Before anything can print. A short secret is not masked: its text would be struck out of innocent words and empty whole outputs. */
function maskSecrets(runner: Runner, env: NodeJS.ProcessEnv): void {
  for (const name of SECRET_NAMES) {
    const secret = env[name];
    if (secret === undefined || secret === '') continue;
    if (secret.length >= SECRET_LENGTH_MIN) runner.mask(secret);
    else runner.write(`${name} has fewer than ${SECRET_LENGTH_MIN} characters: it is no secret worth the name and is not masked.`);
  }
}

/** Nobody guesses it; letters only, as a command's name is. */
const stopToken = (): string =>
  randomBytes(16)
    .toString('hex')
    .replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] as string);

function gitHubRunner(env: NodeJS.ProcessEnv): Runner {
  // The runner masks what it prints; the files it reads are redacted here, so that no output is lost for a secret in it.
  const redact = redactor(env);
  let stopped = '';
  return {
    write: (line) => info(redact(line)),
    // What stands in the group is text of others. It is harmless already; stopped commands are the second wall.
    openGroup(title) {
      startGroup(title);
      stopped = stopToken();
      info(`::stop-commands::${stopped}`);
    },
    closeGroup() {
      info(`::${stopped}::`);
      endGroup();
    },
    annotate(kind, message, { title, file, line, column }) {
      ({ error, warning })[kind](redact(message), { title, file, startLine: line, startColumn: column });
    },
    mask: setSecret,
    output: (name, value) => setOutput(name, redact(value)),
    keep: saveState,
    kept: getState,
    async summarise(markdown) {
      if (env.GITHUB_STEP_SUMMARY) await summary.addRaw(redact(markdown), true).write();
    },
  };
}
