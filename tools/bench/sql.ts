import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openTextJudge } from '../../src/providers/engines/judge-text.ts';
import { openEngine } from '../../src/providers/engines/open-engine.ts';
import type { Measure } from './measure.ts';

const root = resolve(import.meta.dirname, '../..');
const STATEMENTS = 2_000;
const PEER_TIME_MAX_MS = 300_000;
const SETS = ['bird-mini-dev-predictions.jsonl', 'syntax-mutations.jsonl'];

/** SQLGlot as the reference system calls it: parse, and an exception means invalid. The best of three passes after a first one, as ours. */
const PEER = `
import json, logging, resource, sys, time
import sqlglot
logging.disable(logging.CRITICAL)
texts = json.load(sys.stdin)
def judge():
    start = time.perf_counter()
    for text in texts:
        try:
            sqlglot.parse(text, dialect=sys.argv[1])
        except Exception:
            pass
    return time.perf_counter() - start
judge()
import sqlglot.parser
kind = "compiled" if sqlglot.parser.__file__.endswith((".so", ".pyd")) else "pure"
print(json.dumps({"seconds": min(judge(), judge(), judge()), "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "version": sqlglot.__version__ + " " + kind}))
`;

/** Distinct statements of one dialect: model output first, then mutations of it; from the whole sets where they lie beside the checkout. */
function statements(dialect: string): string[] {
  const whole = join(root, '../shared/data/text-to-sql');
  const folder = existsSync(whole) ? whole : join(root, 'test/fixtures/text-to-sql');
  const texts = new Set<string>();
  for (const file of SETS)
    for (const line of readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')) {
      const row = JSON.parse(line) as { dialect: string; sql: string };
      if (row.dialect === dialect && texts.size < STATEMENTS) texts.add(row.sql);
    }
  return [...texts];
}

/**
 * Distinct statements judged by each database's engine against SQLGlot on the same texts: the verdict alone, then with all that
 * syntax-validate adds to an invalid one (clean-up, what it looks like), and for MySQL with the cross-check. Both sides judge the texts
 * once before the clock runs and are given the best of three passes. Python: BENCH_PYTHON, with sqlglot installed.
 */
export async function bench(): Promise<Measure[]> {
  const found: Measure[] = [];
  for (const dialect of ['sqlite', 'postgres', 'mysql'] as const) {
    const texts = statements(dialect);
    const peer = JSON.parse(
      execFileSync(process.env.BENCH_PYTHON ?? 'python3', ['-c', PEER, dialect], {
        input: JSON.stringify(texts),
        encoding: 'utf8',
        timeout: PEER_TIME_MAX_MS,
      }),
    ) as { seconds: number; mb: number; version: string };
    const add = (what: string, seconds: number): void => {
      found.push({
        name: `${what}: ${texts.length} ${dialect} statements (${Math.round(texts.length / seconds)}/s)`,
        ours_s: seconds,
        peer: `sqlglot ${peer.version}`,
        peer_s: peer.seconds,
        ratio: peer.seconds / seconds,
        ours_mb: process.resourceUsage().maxRSS / 1024,
        peer_mb: peer.mb,
      });
    };
    const engine = (await openEngine({ dialect, engine: 'auto' }, { root }))!;
    add('verdicts', await bestOfThree(async () => texts.forEach((text) => void engine.judge(text))));
    engine.close();
    for (const crossCheck of dialect === 'mysql' ? [false, true] : [false]) {
      const judge = await openTextJudge({ dialect, engine: 'auto', crossCheck }, { root });
      const seconds = await bestOfThree(async () => {
        for (const text of texts) await judge.judge(text);
      });
      judge.close();
      add(crossCheck ? 'verdicts, hints and cross-check' : 'verdicts and hints', seconds);
    }
  }
  return found;
}

async function bestOfThree(pass: () => Promise<void>): Promise<number> {
  await pass();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await pass();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}
