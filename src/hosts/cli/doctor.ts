import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { bytesText } from '../../kernel/bytes-text.ts';
import { makeFolders } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import { type Finding, jobFindings } from './doctor-jobs.ts';
import { trackerFindings } from './doctor-trackers.ts';
import { type Door, HOME_OPTION, type Verb } from './door.ts';
import { loadPipeline } from './load-pipeline.ts';
import { homeOf } from './place.ts';

const COMMAND_MS = 10_000;
// A trainer environment takes some 300 MB, runs and models come on top.
const FREE_BYTES_WANTED = 2_000_000_000;

export const doctor: Verb = {
  name: 'doctor',
  summary: 'Look at this machine: is everything there that a run needs? With a pipeline file, also at its trackers and its jobs elsewhere.',
  usage: '[FILE]',
  arguments: 1,
  options: [HOME_OPTION, { name: 'cancel', value: 'JOB', text: 'With FILE: cancel this job, by its id.' }],
  async run(args, door) {
    if (args.value('cancel') !== undefined && args.positional[0] === undefined)
      throw new UserError('no-file', '--cancel: the pipeline file whose job is to end is missing.', {
        todo: 'retrain doctor FILE --cancel JOB',
      });
    const loaded = args.positional[0] === undefined ? undefined : await loadPipeline(args.positional[0], undefined, args, door);
    const home = loaded?.home ?? homeOf(args, door);
    const findings = [nodeFinding(), await pythonFinding(door), await gitFinding(door), await homeFinding(home), await diskFinding(home)];
    if (loaded) findings.push(...(await trackerFindings(loaded, door)), ...(await jobFindings(loaded, args.value('cancel'), door)));
    for (const { what, good, text } of findings) door.out.write(`${good ? '✓' : '✗'} ${what.padEnd(8)} ${text}\n`);
    return findings.every(({ good }) => good) ? EXIT.fine : EXIT.user;
  },
};

const nodeFinding = (): Finding => ({ what: 'node', good: Number(process.versions.node.split('.')[0]) >= 24, text: process.version });

async function pythonFinding(door: Door): Promise<Finding> {
  for (const name of ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    const version = await output(name, ['--version'], door);
    const [, major, minor] = /Python (\d+)\.(\d+)/.exec(version ?? '') ?? [];
    if (Number(major) === 3 && Number(minor) >= 10) return { what: 'python', good: true, text: `${version} (${name})` };
  }
  return {
    what: 'python',
    good: false,
    text: 'no Python from 3.10 on was found; trainers need one. Install it, or name it with train.python.python.',
  };
}

async function gitFinding(door: Door): Promise<Finding> {
  const version = await output('git', ['--version'], door);
  return version ? { what: 'git', good: true, text: version } : { what: 'git', good: false, text: 'git was not found on the PATH.' };
}

async function homeFinding(home: string): Promise<Finding> {
  try {
    await makeFolders(home);
    await access(home, constants.W_OK);
    return { what: 'home', good: true, text: home };
  } catch (error) {
    return { what: 'home', good: false, text: `${home} cannot be written: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function diskFinding(home: string): Promise<Finding> {
  const free = await freeBytes(home);
  return {
    what: 'disk',
    good: free >= FREE_BYTES_WANTED,
    text: `${bytesText(free)} free where ${home} lies; ${bytesText(FREE_BYTES_WANTED)} are wanted`,
  };
}

/** Of the disk a folder lies on, or will. */
async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if (dirname(folder) === folder) throw error;
    return freeBytes(dirname(folder));
  }
}

async function output(command: string, args: readonly string[], door: Door): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], {
      timeout: COMMAND_MS,
      signal: door.signal,
      env: { PATH: door.env.PATH },
    });
    return (stdout || stderr).trim().split('\n')[0];
  } catch {
    return undefined;
  }
}
