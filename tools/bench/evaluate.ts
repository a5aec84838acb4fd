import { Random, STREAMS } from '../../src/statistics/random.ts';
import { madeOnce } from './data.ts';
import { compare, type Measure, rows, runOurs, runPeer, type Timed } from './measure.ts';

/** Truth, a score of six digits, and two groupings of 10 and 500 values. Made once. */
function predictionsFile(count: number): Promise<string> {
  const random = Random.of(7, STREAMS.synthetic);
  return madeOnce(`predictions-${count}.csv`, 'y,score,ten,many\n', count, () => {
    const y = Number(random.float() < 0.3);
    return `${y},${(0.25 * y + 0.75 * random.float()).toFixed(6)},${random.below(10)},${random.below(500)}\n`;
  });
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
