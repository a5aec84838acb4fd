import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import { openTable } from '../../src/tables/open-table.ts';
import { applyPreparation } from '../../src/tables/preparation/apply.ts';
import { fitPreparation } from '../../src/tables/preparation/fit.ts';
import { preparationSchema } from '../../src/tables/preparation/preparation-schema.ts';
import type { Measure } from './measure.ts';

const PEER_TIME_MAX_MS = 600_000;
const NUMBERS = 7;
const CATEGORIES = 3;

/** The same preparation in scikit-learn: read, fit, transform, and the sum of all cells so that both can be compared. */
const PEER = `
import json, resource, sys, time
import numpy as np, pandas as pd, sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
start = time.perf_counter()
frame = pd.read_csv(sys.argv[1])
numbers = [c for c in frame.columns if c.startswith("n")]
texts = [c for c in frame.columns if c.startswith("c")]
transform = ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
    ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)), texts),
])
out = transform.fit_transform(frame)
total = float(np.abs(out).sum())
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "columns": out.shape[1], "total": total, "sklearn": sklearn.__version__}))
`;

/**
 * Reads a CSV of 7 numbers and 3 categories with missing cells, fits median, standard scaling and one-hot, and applies them, against
 * scikit-learn's ColumnTransformer over pandas in the environment that BENCH_PYTHON names. BENCH_ROWS: 1,000,000 by default.
 */
export async function bench(): Promise<Measure[]> {
  const python = process.env.BENCH_PYTHON;
  if (!python) throw new Error('set BENCH_PYTHON to a Python with scikit-learn and pandas: it is the peer of this bench');
  const rows = Number(process.env.BENCH_ROWS ?? 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'retrain-bench-'));
  try {
    const file = join(folder, 'rows.csv');
    writeRows(file, rows);
    readFileSync(file);
    const ours = await measureOurs(file);
    const peer = JSON.parse(execFileSync(python, ['-c', PEER, file], { encoding: 'utf8', timeout: PEER_TIME_MAX_MS })) as {
      seconds: number;
      mb: number;
      columns: number;
      total: number;
      sklearn: string;
    };
    if (peer.columns !== ours.columns || Math.abs(peer.total - ours.total) > 1e-9 * peer.total) {
      throw new Error(`not the same work: ours ${ours.columns} columns, ${ours.total}; scikit-learn ${peer.columns}, ${peer.total}`);
    }
    const ours_mb = process.resourceUsage().maxRSS / 1024;
    const name = `prepare ${rows} × ${NUMBERS + CATEGORIES} CSV`;
    return [
      {
        name,
        ours_s: ours.seconds,
        peer: `scikit-learn ${peer.sklearn}`,
        peer_s: peer.seconds,
        ratio: peer.seconds / ours.seconds,
        ours_mb,
        peer_mb: peer.mb,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeRows(file: string, rows: number): void {
  const random = Random.of(20240101, STREAMS.synthetic, 901);
  const names = [...Array.from({ length: NUMBERS }, (_, i) => `n${i}`), ...Array.from({ length: CATEGORIES }, (_, i) => `c${i}`)];
  writeFileSync(file, `${names.join(',')}\n`);
  for (let from = 0; from < rows; from += 50_000) {
    const lines: string[] = [];
    for (let row = from; row < Math.min(rows, from + 50_000); row++) {
      const cells: string[] = [];
      for (let i = 0; i < NUMBERS; i++) cells.push(random.below(20) === 0 ? '' : (random.float() * 10 ** i).toFixed(3));
      for (let i = 0; i < CATEGORIES; i++) cells.push(random.below(20) === 0 ? '' : `value ${random.below(5 * (i + 1))}`);
      lines.push(cells.join(','));
    }
    writeFileSync(file, `${lines.join('\n')}\n`, { flag: 'a' });
  }
}

async function measureOurs(file: string): Promise<{ seconds: number; columns: number; total: number }> {
  const start = performance.now();
  const table = await openTable(file);
  const preparation = await fitPreparation(table, preparationSchema.parse({}));
  const applied = applyPreparation(preparation, table);
  let total = 0;
  for await (const batch of applied.batches()) {
    for (const column of batch.columns) {
      if (column.kind === 'number') for (const value of column.values) total += Math.abs(value);
    }
  }
  return { seconds: (performance.now() - start) / 1000, columns: applied.schema.length, total };
}
