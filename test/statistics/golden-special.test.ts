import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/statistics/random.ts';
import { betaI } from '../../src/statistics/special/beta.ts';
import { binomialCdf, binomialPmf, binomialSf, hypergeometricCdf, hypergeometricPmf } from '../../src/statistics/special/discrete.ts';
import {
  betaQuantile,
  chiSquareIsf,
  chiSquareQuantile,
  fisherFSf,
  studentQuantile,
  studentSf,
} from '../../src/statistics/special/distributions.ts';
import { gammaP, gammaQ, lnGamma } from '../../src/statistics/special/gamma.ts';
import { kolmogorovSf, kolmogorovSmirnovSf, smirnovSf } from '../../src/statistics/special/kolmogorov.ts';
import { erfc, normalQuantile, normalSf } from '../../src/statistics/special/normal.ts';
import { golden } from './golden-samples.ts';

const special = golden<Record<string, number[][]>>('special');

/** Relative only, also near 0: tails are what these functions are for. Below 1e-300 digits run out. */
function nearly(found: number, expected: number, relative: number): boolean {
  if (found === expected) return true;
  return Math.abs(found - expected) <= Math.max(relative * Math.abs(expected), 1e-305);
}

function checkAll(name: string, relative: number, f: (...args: number[]) => number, { results = 1, pick = 0 } = {}): void {
  test(`${name}${results > 1 ? ` (${pick})` : ''}: ${special[name]!.length} golden values within ${relative}`, () => {
    const wrong = special[name]!.map((row) => {
      const args = row.slice(0, row.length - results);
      return { args, expected: row[row.length - results + pick]!, found: f(...args) };
    }).filter(({ found, expected }) => !nearly(found, expected, relative));
    assert.deepEqual(wrong, []);
  });
}

checkAll('lnGamma', 1e-13, lnGamma);
checkAll('erfc', 1e-13, erfc);
checkAll('normalSf', 2e-13, normalSf);
checkAll('normalQuantile', 1e-13, normalQuantile);
checkAll('gamma', 1e-11, gammaP, { results: 2, pick: 0 });
checkAll('gamma', 1e-11, gammaQ, { results: 2, pick: 1 });
checkAll('beta', 1e-11, (x, a, b) => betaI(x!, a!, b!));
checkAll('studentSf', 1e-11, studentSf);
checkAll('studentQuantile', 1e-11, studentQuantile);
checkAll('chiSquareQuantile', 1e-11, chiSquareQuantile);
checkAll('chiSquareIsf', 1e-11, chiSquareIsf);
checkAll('betaQuantile', 1e-11, betaQuantile);
checkAll('fisherFSf', 1e-11, fisherFSf);
checkAll('binomial', 1e-11, binomialPmf, { results: 3, pick: 0 });
checkAll('binomial', 1e-11, binomialCdf, { results: 3, pick: 1 });
checkAll('binomial', 1e-11, binomialSf, { results: 3, pick: 2 });
checkAll('hypergeometric', 1e-11, hypergeometricPmf, { results: 2, pick: 0 });
checkAll('hypergeometric', 1e-11, hypergeometricCdf, { results: 2, pick: 1 });
checkAll('kolmogorovSf', 1e-12, kolmogorovSf);
checkAll('smirnovSf', 1e-9, smirnovSf);
checkAll('kolmogorovSmirnovSf', 1e-9, kolmogorovSmirnovSf);

interface Draws {
  readonly seed: string;
  readonly stream: number;
  readonly index: number;
  readonly state: number[];
  readonly words: number[];
  readonly floats: number[];
  readonly normals: number[];
  readonly below: [number, number[]][];
  readonly shuffled: number[];
}

const { cases, millionth } = golden<{ cases: Draws[]; millionth: number }>('random');

for (const draws of cases) {
  test(`the generator in Python and here: seed ${draws.seed}, stream ${draws.stream}, index ${draws.index}`, () => {
    const make = () => Random.of(BigInt(draws.seed), draws.stream, draws.index);
    const take = <T>(n: number, draw: (random: Random) => T): T[] => {
      const random = make();
      return Array.from({ length: n }, () => draw(random));
    };
    assert.deepEqual(make().state(), draws.state);
    assert.deepEqual(
      take(20, (random) => random.u32()),
      draws.words,
    );
    assert.deepEqual(
      take(10, (random) => random.float()),
      draws.floats,
    );
    for (const [n, values] of draws.below) {
      assert.deepEqual(
        take(12, (random) => random.below(n)),
        values,
      );
    }
    assert.deepEqual(make().shuffle(Array.from({ length: 15 }, (_, i) => i)), draws.shuffled);
    take(40, (random) => random.normal()).forEach((z, i) => {
      assert.ok(nearly(z, draws.normals[i]!, 1e-15), `${z} ${draws.normals[i]}`);
    });
  });
}

test('the millionth word is the same', () => {
  const random = Random.of(20240101, 1, 3);
  let last = 0;
  for (let i = 0; i < 1_000_000; i++) last = random.u32();
  assert.equal(last, millionth);
});
