import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import { compare, dataFolder, type Measure, rows, runOurs, runPeer, type Timed } from './measure.ts';

/** Truth, a score of six digits, and two groupings of 10 and 500 values. Made once. */
async function predictionsFile(count: number): Promise<string> {
  const path = join(dataFolder, `predictions-${count}.csv`);
  if (existsSync(path)) return path;
  const random = Random.of(7, STREAMS.synthetic);
  const out = createWriteStream(`${path}.part`);
  let text = 'y,score,ten,many\n';
  for (let i = 0; i < count; i++) {
    const y = Number(random.float() < 0.3);
    text += `${y},${(0.25 * y + 0.75 * random.float()).toFixed(6)},${random.below(10)},${random.below(500)}\n`;
    if (text.length < 1 << 20) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'finish');
  renameSync(`${path}.part`, path);
  return path;
}

const WORKS = [
  { work: 'metrics', peer: 'scikit-learn', what: 'eight metrics' },
  { work: 'fairness', peer: 'Fairlearn MetricFrame', what: 'rates and gaps by 10 and 500 groups' },
  { work: 'intervals', peer: 'numpy', what: 'eight metrics with intervals' },
] as const;

/** Reading included on both sides; figures of both sides must agree to 1e-9. */
export async function bench(): Promise<Measure[]> {
  const path = await predictionsFile(rows);
  const measures: Measure[] = [];
  for (const { work, peer, what } of WORKS) {
    const [ours, theirs] = [() => runOurs('evaluate.ts', path, work), () => runPeer('evaluate.py', path, work)];
    expectSame(await ours(), await theirs());
    measures.push(await compare(`${what}, ${rows} rows`, peer, ours, theirs));
  }
  return measures;
}

function expectSame(ours: Timed, theirs: Timed): void {
  const [a, b] = [ours.found, theirs.found] as [Record<string, number>, Record<string, number>];
  for (const [name, value] of Object.entries(b))
    if (name in a && Math.abs(a[name]! - value) > 1e-9 * Math.abs(value))
      throw new Error(`not the same work: ${name} is ${a[name]} here, ${value} there`);
}
