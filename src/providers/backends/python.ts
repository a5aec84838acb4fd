import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import { runCaptured } from './captured-run.ts';

export const PYTHON_MINOR_MIN = 10;

/**
 * First what the user's own PATH (or an active virtual environment) calls Python, then what may be installed beside it.
 * Each is asked: a name that is there need not work (version managers leave such behind).
 */
const CANDIDATES: readonly (readonly string[])[] = [
  ['python3'],
  ['python'],
  ['python3.13'],
  ['python3.12'],
  ['python3.11'],
  ['python3.10'],
  ['python3.14'],
  ...(process.platform === 'win32' ? [['py', '-3']] : []),
];

const factsSchema = z.object({
  executable: z.string().min(1),
  version: z.tuple([z.int(), z.int(), z.int()]),
  bits: z.int(),
  venv: z.boolean(),
  platform: z.string(),
});

/** An interpreter that answered. */
export interface Python {
  readonly executable: string;
  /** The file behind it: names that lead to the same interpreter are the same Python. */
  readonly file: string;
  /** `3.11.7` */
  readonly version: string;
  /** `3.11` */
  readonly minor: string;
  /** As Python names it, e.g. `linux-x86_64`. */
  readonly platform: string;
}

const QUESTION = `import sys, json, struct, sysconfig
from importlib.util import find_spec
print(json.dumps({"executable": sys.executable, "version": list(sys.version_info[:3]), "bits": struct.calcsize("P") * 8,
"venv": bool(find_spec("venv") and find_spec("ensurepip")), "platform": sysconfig.get_platform()}))`;

const pythonSchema = z.object({ executable: z.string(), file: z.string(), version: z.string(), minor: z.string(), platform: z.string() });
const memorySchema = z.array(z.object({ asked: z.string(), python: pythonSchema, mtimeMs: z.number() }));
const REMEMBERED_MAX = 8;

export interface PythonSearch {
  /** Interpreter the user named; no other is tried then. */
  readonly given?: string;
  /** Minor version to prefer, e.g. `3.11`: the one a champion was trained with. Another is taken when it is not there. */
  readonly minor?: string;
  /** Must it be able to make virtual environments? */
  readonly venv: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly cache: string;
  readonly signal: AbortSignal;
}

/**
 * Finds a Python from 3.10 on. Throws `UserError` `python-missing`, `python-too-old` or `python-incomplete`, saying what was found where.
 * The answer is remembered in the cache for as long as the interpreter stays the same file.
 */
export async function findPython(search: PythonSearch): Promise<Python> {
  const memory = join(search.cache, 'python.json');
  const asked = JSON.stringify([search.given, search.minor, search.venv, search.env.PATH, search.env.PYENV_VERSION]);
  const known = await remembered(memory, asked);
  if (known) return known;

  const refused: string[] = [];
  let incomplete = false;
  let tooOld = false;
  let other: Python | undefined;
  const candidates = search.given ? [[search.given]] : search.minor ? [...CANDIDATES, [`python${search.minor}`]] : CANDIDATES;
  for (const candidate of candidates) {
    const found = await ask(candidate, search);
    if (found === undefined) continue;
    const [major, minor] = found.version;
    const named = `${found.executable} (${found.version.join('.')})`;
    if (major !== 3 || minor < PYTHON_MINOR_MIN) {
      tooOld = true;
      refused.push(`${named} is too old`);
    } else if (found.bits !== 64) {
      refused.push(`${named} is a 32-bit build`);
    } else if (search.venv && !found.venv) {
      incomplete = true;
      refused.push(`${named} lacks venv or ensurepip`);
    } else {
      const python = {
        executable: found.executable,
        file: await realpath(found.executable),
        version: found.version.join('.'),
        minor: `${major}.${minor}`,
        platform: found.platform,
      };
      if (search.minor !== undefined && search.minor !== python.minor) {
        other ??= python;
        continue;
      }
      await remember(memory, asked, python);
      return python;
    }
  }
  if (other) {
    await remember(memory, asked, other);
    return other;
  }
  throw notFound(search, [...new Set(refused)], incomplete, tooOld);
}

async function ask(candidate: readonly string[], search: PythonSearch): Promise<z.infer<typeof factsSchema> | undefined> {
  try {
    const answer = await answerOf(candidate, ['-I', '-c', QUESTION], search);
    if (answer.code === 0) return factsSchema.parse(JSON.parse(answer.captured));
    // Python 2 and the oldest of 3 lack -I or what the question imports.
    return await askOld(candidate, search);
  } catch {
    search.signal.throwIfAborted();
    return undefined;
  }
}

const answerOf = (candidate: readonly string[], args: readonly string[], { cache, env, signal }: PythonSearch) =>
  runCaptured([...candidate, ...args], {
    cwd: cache,
    env,
    signal,
    timeoutSeconds: 20,
    doing: `Asking ${candidate.join(' ')} for its version`,
    captureBytes: 10_000,
    guarded: false,
  });

async function askOld(candidate: readonly string[], search: PythonSearch): Promise<z.infer<typeof factsSchema> | undefined> {
  const question =
    'import sys; sys.stdout.write("%d %d %d %s" % (sys.version_info[0], sys.version_info[1], sys.version_info[2], sys.executable))';
  const answer = await answerOf(candidate, ['-c', question], search);
  const [, major, minor, patch, executable] = /^(\d+) (\d+) (\d+) (.+)$/s.exec(answer.captured) ?? [];
  if (answer.code !== 0 || !executable) return undefined;
  return { executable, version: [Number(major), Number(minor), Number(patch)], bits: 64, venv: false, platform: '' };
}

function notFound(search: PythonSearch, refused: readonly string[], incomplete: boolean, tooOld: boolean): UserError {
  const found = refused.length > 0 ? `found: ${refused.join('; ')}` : 'found none';
  const where = search.given ? `at ${search.given}` : 'on PATH';
  const expected = `Expected Python 3.${PYTHON_MINOR_MIN} or newer ${where}, ${found}.`;
  if (incomplete) {
    return new UserError('python-incomplete', expected, {
      todo: 'Install the package that completes it (Debian and Ubuntu: apt install python3-venv), or name another with train.python.python.',
    });
  }
  return new UserError(tooOld ? 'python-too-old' : 'python-missing', expected, {
    todo: `Install Python 3.${PYTHON_MINOR_MIN} or newer from your system or python.org, or name one with train.python.python.`,
  });
}

async function remembered(memory: string, asked: string): Promise<Python | undefined> {
  const known = (await readMemory(memory)).find((entry) => entry.asked === asked);
  if (!known) return undefined;
  const mtimeMs = await mtimeOf(known.python.file).catch(() => undefined);
  return mtimeMs === known.mtimeMs ? known.python : undefined;
}

async function remember(memory: string, asked: string, python: Python): Promise<void> {
  await mkdir(dirname(memory), { recursive: true });
  const others = (await readMemory(memory)).filter((entry) => entry.asked !== asked);
  const entry = { asked, python, mtimeMs: await mtimeOf(python.file) };
  await writeWhole(memory, `${JSON.stringify([entry, ...others].slice(0, REMEMBERED_MAX))}\n`);
}

async function readMemory(memory: string): Promise<z.infer<typeof memorySchema>> {
  try {
    return memorySchema.parse(JSON.parse(await readFile(memory, 'utf8')));
  } catch {
    return [];
  }
}

const mtimeOf = async (path: string): Promise<number> => (await stat(path)).mtimeMs;
