import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyHash, keyHashes } from '../../src/statistics/key-hash.ts';
import { philox, Random, STREAMS, seedFromKey } from '../../src/statistics/random.ts';

const SEED = 20240101;

test('one Philox block of zeros is the published one', () => {
  assert.deepEqual(philox([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
});

test('xoshiro128** from the state 1 2 3 4', () => {
  const random = new Random([1, 2, 3, 4]);
  assert.deepEqual([random.u32(), random.u32(), random.u32(), random.u32()], [11520, 0, 5927040, 70819200]);
});

test('replicate 0 of the bootstrap stream: state, words, floats and bounded draws', () => {
  const draw = () => Random.of(SEED, STREAMS.bootstrap, 0);
  assert.deepEqual(draw().state(), [3919824201, 1672424954, 4040936655, 974231876]);
  const words = draw();
  assert.deepEqual([words.u32(), words.u32(), words.u32(), words.u32()], [3851058497, 3904169931, 155527154, 2731842485]);
  const floats = draw();
  assert.deepEqual([floats.float(), floats.float()], [0.8966444351450383, 0.03621148791951412]);
  const bounded = draw();
  assert.deepEqual(
    Array.from({ length: 8 }, () => bounded.below(10)),
    [8, 9, 0, 6, 1, 7, 4, 8],
  );
});

test('filling an array draws the same numbers and leaves the generator at the same place', () => {
  for (const n of [1, 2, 7, 1000, 2097152, 2097153, 3000000000, 4294967295]) {
    const [one, two] = [Random.of(SEED, 1, 5), Random.of(SEED, 1, 5)];
    const rows = new Uint32Array(500);
    one.fillBelow(rows, n);
    assert.deepEqual(
      Array.from(rows),
      Array.from(rows, () => two.below(n)),
    );
    assert.equal(one.u32(), two.u32());
    assert.ok(rows.every((row) => row < n));
  }
});

test('a bound of 0, a fraction or 2³² is misuse', () => {
  for (const n of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
    assert.throws(() => Random.of(1, 1).below(n), /a bound is a whole number/);
    assert.throws(() => Random.of(1, 1).fillBelow(new Uint32Array(1), n), /a bound is a whole number/);
  }
});

test('the permutation stream shuffles 0…5 to 3 5 2 1 0 4', () => {
  assert.deepEqual(Random.of(SEED, STREAMS.permutation).shuffle([0, 1, 2, 3, 4, 5]), [3, 5, 2, 1, 0, 4]);
});

test('a seed of 64 bits comes from the run key, and its halves matter', () => {
  const seed = seedFromKey('abc');
  assert.equal(seed, 0xba7816bf8f01cfean);
  assert.notDeepEqual(Random.of(seed, 1).state(), Random.of(seed & 0xffffffffn, 1).state());
  assert.deepEqual(Random.of(seed, 1).state(), Random.of({ low: 0x8f01cfea, high: 0xba7816bf }, 1).state());
  assert.throws(() => Random.of(-1, 1), /whole number/);
});

test('u(key) is the first 53 bits of SHA-256 of salt|key', () => {
  assert.equal(keyHash('v1', '7590-VHVEG'), 0.6831479023777811);
  assert.equal(keyHash('v1', '5575-GNVDE'), 0.021611583855724148);
  const keys = ['7590-VHVEG', '5575-GNVDE', '', 'ключ', '鍵', '\ud800'];
  assert.deepEqual(
    Array.from(keyHashes('v1', keys)),
    keys.map((key) => keyHash('v1', key)),
  );
});
