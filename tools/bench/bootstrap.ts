import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrapMeans, bootstrapP, percentileInterval } from '../../src/statistics/bootstrap.ts';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import type { Measure } from './measure.ts';

const ROWS = 10_000;
const REPLICATES = 10_000;
const PEER_TIME_MAX_MS = 300_000;

/** The same paired bootstrap in numpy: rows drawn for both models at once, differences gathered and averaged, in blocks that fit the memory. */
const PEER = `
import json, resource, sys, time
import numpy as np
rows, replicates = int(sys.argv[2]), int(sys.argv[3])
ours = np.fromfile(sys.argv[1], dtype=np.float64).reshape(2, rows)
start = time.perf_counter()
cpu = time.process_time()
d = ours[0] - ours[1]
random = np.random.default_rng(20240101)
means = np.empty(replicates)
block = 100
for at in range(0, replicates, block):
    means[at:at + block] = d[random.integers(0, rows, (block, rows))].mean(axis=1)
low, high = np.quantile(means, [0.025, 0.975])
p = min(1, 2 * min(1 + (means <= 0).sum(), 1 + (means >= 0).sum()) / (replicates + 1))
seconds = time.perf_counter() - start
cpu = time.process_time() - cpu
print(json.dumps({"seconds": seconds, "cpu": cpu, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "low": low, "high": high, "numpy": np.__version__}))
`;

/** Paired bootstrap, 10,000 replicates of 10,000 rows, one thread, against numpy in the environment that BENCH_PYTHON names. */
export async function bench(): Promise<Measure[]> {
  const python = process.env.BENCH_PYTHON;
  if (!python) throw new Error('set BENCH_PYTHON to a Python with numpy: it is the peer of this bench');
  const random = Random.of(20240101, STREAMS.synthetic, 900);
  const [first, second] = [new Float64Array(ROWS), new Float64Array(ROWS)];
  for (let i = 0; i < ROWS; i++) {
    second[i] = random.normal();
    first[i] = second[i]! + 0.3 * random.normal() + 0.005;
  }
  const folder = mkdtempSync(join(tmpdir(), 'retrain-bench-'));
  try {
    const file = join(folder, 'rows.bin');
    writeFileSync(file, new Uint8Array(Float64Array.from([...first, ...second]).buffer));
    const ours = measureOurs(file);
    const peer = JSON.parse(
      execFileSync(python, ['-c', PEER, file, String(ROWS), String(REPLICATES)], { encoding: 'utf8', timeout: PEER_TIME_MAX_MS }),
    ) as { seconds: number; cpu: number; mb: number; low: number; high: number; numpy: string };
    if (Math.abs(peer.low - ours.low) + Math.abs(peer.high - ours.high) > 0.001) {
      throw new Error(`not the same work: ours ${ours.low}…${ours.high}, numpy ${peer.low}…${peer.high}`);
    }
    return [
      {
        name: `paired bootstrap ${REPLICATES} × ${ROWS}`,
        ours_s: ours.seconds,
        peer: `numpy ${peer.numpy}`,
        peer_s: peer.seconds,
        ratio: peer.seconds / ours.seconds,
        ours_mb: process.resourceUsage().maxRSS / 1024,
        peer_mb: peer.mb,
        ours_cpu_s: ours.cpu,
        peer_cpu_s: peer.cpu,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measureOurs(file: string): { seconds: number; cpu: number; low: number; high: number } {
  const bytes = readFileSync(file);
  const both = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const start = performance.now();
  const before = process.cpuUsage();
  const d = Float64Array.from({ length: ROWS }, (_, i) => both[i]! - both[ROWS + i]!);
  const replicates = bootstrapMeans(d, { seed: 20240101, replicates: REPLICATES });
  const { low, high } = percentileInterval(replicates);
  bootstrapP(replicates);
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, low, high };
}
