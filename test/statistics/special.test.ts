import { test } from 'node:test';
import { betaI } from '../../src/statistics/special/beta.ts';
import { binomialCdf, hypergeometricPmf } from '../../src/statistics/special/discrete.ts';
import {
  betaQuantile,
  chiSquareQuantile,
  chiSquareSf,
  fisherFSf,
  studentQuantile,
  studentSf,
} from '../../src/statistics/special/distributions.ts';
import { gammaP, gammaQ, lnGamma } from '../../src/statistics/special/gamma.ts';
import { erfc, normalCdf, normalQuantile, normalSf } from '../../src/statistics/special/normal.ts';
import { close } from './close.ts';

const PAGE: readonly (readonly [string, number, number])[] = [
  ['ln Γ(10.3)', lnGamma(10.3), 13.4820367861],
  ['ln Γ(1e6)', lnGamma(1e6), 12815504.5692],
  ['erfc(5)', erfc(5), 1.53745979443e-12],
  ['Φ(-8)', normalCdf(-8), 6.22096057427e-16],
  ['normal sf(1.96)', normalSf(1.96), 0.0249978951482],
  ['Φ⁻¹(.975)', normalQuantile(0.975), 1.95996398454],
  ['Φ⁻¹(1e-20)', normalQuantile(1e-20), -9.2623400898],
  ['P(2.5, 1.7)', gammaP(2.5, 1.7), 0.361430076896],
  ['Q(2.5, 30)', gammaQ(2.5, 30), 1.21545697772e-11],
  ['χ² sf(10, 3)', chiSquareSf(10, 3), 0.018566135463],
  ['χ² sf(500, 3)', chiSquareSf(500, 3), 4.77167203191e-108],
  ['I_.3(2, 3.5)', betaI(0.3, 2, 3.5), 0.411702502343],
  ['t sf(2.5, 7)', studentSf(2.5, 7), 0.0204961092929],
  ['F sf(3.2; 3, 20)', fisherFSf(3.2, 3, 20), 0.0454672299162],
  ['χ² quantile(.999, 9)', chiSquareQuantile(0.999, 9), 27.8771648713],
  ['t quantile(.975, 4)', studentQuantile(0.975, 4), 2.7764451052],
  ['beta quantile(.025; 7, 14)', betaQuantile(0.025, 7, 14), 0.153909204784],
  ['binomial cdf(3; 12, ½)', binomialCdf(3, 12, 0.5), 0.072998046875],
  ['hypergeometric pmf(2; 20, 7, 6)', hypergeometricPmf(2, 20, 7, 6), 0.387383900929],
];

for (const [name, found, expected] of PAGE) {
  test(`${name} = ${expected}`, () => close(found, expected, 2e-11));
}
