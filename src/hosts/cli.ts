import './read-once.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { faultOf, InvalidInputs, problemLine } from '../kernel/errors.ts';
import { EXIT } from '../kernel/flow.ts';
import type { Redact } from '../kernel/redact-record.ts';
import { suggestion } from '../pipeline/words.ts';
import { readArguments } from './cli/arguments.ts';
import type { Door, Verb } from './cli/door.ts';
import type { Screen } from './cli/terminal-view.ts';
import { printable } from './legible.ts';
import { redactor } from './redact.ts';

/** Every verb, loaded when it is called. */
export const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  init: async () => (await import('./cli/init.ts')).init,
  check: async () => (await import('./cli/check.ts')).check,
  plan: async () => (await import('./cli/plan.ts')).plan,
  run: async () => (await import('./cli/run.ts')).run,
  'catch-up': async () => (await import('./cli/catch-up.ts')).catchUp,
  resume: async () => (await import('./cli/resume.ts')).resume,
  status: async () => (await import('./cli/status.ts')).status,
  report: async () => (await import('./cli/report.ts')).report,
  runs: async () => (await import('./cli/runs.ts')).runs,
  compare: async () => (await import('./cli/compare.ts')).compare,
  predict: async () => (await import('./cli/predict.ts')).predict,
  registry: async () => (await import('./cli/registry.ts')).registry,
  state: async () => (await import('./cli/state.ts')).state,
  cache: async () => (await import('./cli/cache.ts')).cache,
  doctor: async () => (await import('./cli/doctor.ts')).doctor,
};

/** The terminal door. Gives the exit code; prints no stack trace for what a user or the world did. */
export async function runTerminal(argv: readonly string[], root: string): Promise<number> {
  const redact = redactor(process.env);
  const err = screenOf(process.stderr, redact);
  let unwritten: Error | undefined;
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that has gone (`| head`) has read enough: the run goes on without it.
      if (error.code !== 'EPIPE') unwritten ??= error;
    });
  const stop = new AbortController();
  // The second Ctrl-C is for the impatient: Node's default ends the process.
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    const door: Door = {
      cwd: process.cwd(),
      root,
      version,
      env: process.env,
      clock: () => new Date(),
      signal: stop.signal,
      out: screenOf(process.stdout, redact),
      err,
    };
    const code = await dispatch(argv, door);
    await nextTurn(); // What a write has met is told after it.
    if (unwritten) throw unwritten;
    return code;
  } catch (error) {
    return explain(error, err, stop.signal.aborted);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

async function dispatch(argv: readonly string[], door: Door): Promise<number> {
  const [word = 'help', ...rest] = argv;
  if (word === '--version' || word === 'version') {
    door.out.write(`${door.version}\n`);
    return EXIT.fine;
  }
  if (word === 'help' || word === '--help' || word === '-h') {
    const name = rest[0];
    door.out.write(name && name in VERBS ? await verbHelp(name) : await generalHelp());
    return EXIT.fine;
  }
  const load = Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
  if (!load) {
    door.err.write(`retrain: unknown verb "${printable(word)}".${suggestion(word, Object.keys(VERBS))}\n`);
    return EXIT.user;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    door.out.write(await verbHelp(word));
    return EXIT.fine;
  }
  const verb = await load();
  return verb.run(readArguments(rest, verb.options, verb.arguments), door);
}

async function generalHelp(): Promise<string> {
  const verbs = await Promise.all(Object.values(VERBS).map((load) => load()));
  const lines = verbs.map((verb) => `  ${verb.name.padEnd(10)} ${verb.summary}`);
  return `retrain: continuous training of a model described in a pipeline file.\n\n${lines.join('\n')}\n\nretrain help VERB says more. Exit codes: 0 passed or skipped, 1 a verdict said no, 2 yours to fix, 3 worth a retry, 130 cancelled.\n`;
}

async function verbHelp(name: string): Promise<string> {
  const verb = await (VERBS[name] as () => Promise<Verb>)();
  const options = verb.options.map(
    (option) => `  --${`${option.name}${option.value ? ` ${option.value}` : ''}`.padEnd(24)} ${option.text}`,
  );
  return `${verb.summary}\n\n  retrain ${verb.name} ${verb.usage}\n${options.length > 0 ? `\n${options.join('\n')}\n` : ''}`;
}

function explain(error: unknown, err: Screen, aborted: boolean): number {
  const fault = aborted ? 'cancelled' : faultOf(error);
  if (fault === 'cancelled') {
    err.write('Cancelled.\n');
    return EXIT.cancelled;
  }
  if (error instanceof InvalidInputs) {
    err.write(`${error.problems.map((problem) => printable(problemLine(problem)).trimStart()).join('\n')}\n`);
    return EXIT.user;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (fault === 'ours') {
    err.write(
      `A fault of Retrain: ${printable(message)}\nPlease report it with this trace:\n${error instanceof Error ? error.stack : ''}\n`,
    );
    return EXIT.ours;
  }
  const todo = error instanceof Error && 'todo' in error && typeof error.todo === 'string' ? ` ${error.todo}` : '';
  err.write(`retrain: ${printable(message)}${printable(todo)}\n`);
  return fault === 'user' ? EXIT.user : EXIT.world;
}

function screenOf(stream: NodeJS.WriteStream, redact: Redact): Screen {
  return {
    write: (text) => void stream.write(redact(text, 'value')),
    interactive: stream.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI,
    columns: stream.columns ?? 120,
    colour: stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
  };
}
