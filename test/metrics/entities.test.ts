import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compareModels,
  detectScheme,
  type EntityRows,
  entityMetrics,
  entityRows,
  findMetric,
  lenientEntities,
  type Scheme,
  strictEntities,
} from '../../src/metrics/index.ts';
import { close, golden } from './close.ts';

const reference = golden('entities') as {
  spans: { scheme: Scheme; tags: string[]; strict: [string, number, number][] }[];
  lenient: { tags: string[]; entities: [string, number, number][] }[];
  scores: { mode: 'strict' | 'lenient'; scheme: Scheme; truth: string[][]; predicted: string[][]; expected: Record<string, number> }[];
};
const shown = (entities: readonly { type: string; start: number; end: number }[]): string =>
  entities.map(({ type, start, end }) => `${type}[${start},${end})`).join(' ');
const value = (name: string, rows: EntityRows): number => {
  const estimate = findMetric('ner', name).value(rows);
  return 'value' in estimate ? estimate.value : Number.NaN;
};
const words = (text: string): string[][] => text.split(' / ').map((sentence) => sentence.split(' '));

test('worked example: lenient and strict scores differ', () => {
  const truth = words('B-PER I-PER O B-LOC / B-ORG I-ORG O');
  const predicted = words('I-PER I-PER O B-LOC / B-ORG B-ORG O');
  const lenient = entityRows({ truth, predicted, mode: 'lenient' });
  close(value('precision', lenient), 0.5);
  close(value('recall', lenient), 2 / 3);
  close(value('f1_score', lenient), 0.571428571429, '', 1e-11);
  close(value('f1_macro', lenient), 2 / 3);
  const strict = entityRows({ truth, predicted });
  assert.equal(strict.scheme, 'IOB2');
  for (const name of ['precision', 'recall', 'f1_score']) close(value(name, strict), 1 / 3, name);
});

test('worked spans', () => {
  assert.equal(shown(lenientEntities('B-A I-A E-A S-B B-A I-A O'.split(' '))), 'A[0,3) B[3,4) A[4,6)');
  assert.equal(shown(strictEntities('B-A I-A E-A S-B B-A I-A O'.split(' '), 'IOBES')), 'A[0,3) B[3,4)');
  assert.equal(shown(lenientEntities('I-A B-A I-B I-B O B-B I-B'.split(' '))), 'A[0,1) A[1,2) B[2,4) B[5,7)');
  assert.equal(shown(strictEntities('I-A B-A I-B I-B O B-B I-B'.split(' '), 'IOB2')), 'A[1,2) B[5,7)');
});

test(`entities equal seqeval on ${reference.spans.length} random sequences in all schemes`, () => {
  for (const { scheme, tags, strict } of reference.spans)
    assert.deepEqual(
      strictEntities(tags, scheme).map(({ type, start, end }) => [type, start, end]),
      strict,
      `${scheme}: ${tags.join(' ')}`,
    );
  for (const { tags, entities } of reference.lenient)
    assert.deepEqual(
      lenientEntities(tags).map(({ type, start, end }) => [type, start, end]),
      entities,
      tags.join(' '),
    );
});

test('scores equal seqeval, strict and lenient', () => {
  for (const { mode, scheme, truth, predicted, expected } of reference.scores) {
    const rows = entityRows({ truth, predicted, mode, scheme });
    for (const [name, figure] of Object.entries(expected)) close(value(name, rows), figure, `${mode} ${scheme} ${name}`);
  }
});

test('the scheme is told from the prefixes, or asked for', () => {
  assert.equal(detectScheme(words('B-A I-A O')), 'IOB2');
  assert.equal(detectScheme(words('I-A E-A O')), 'IOE2');
  assert.equal(detectScheme(words('B-A E-A S-B O')), 'IOBES');
  assert.equal(detectScheme(words('S-A S-B')), 'IOBES');
  assert.equal(detectScheme(words('B-A L-A U-B O')), 'BILOU');
  assert.equal(detectScheme(words('O O')), undefined);
  assert.throws(() => detectScheme(words('I-A O')), /begin with I, O, which does not tell/);
  assert.throws(
    () => entityRows({ truth: words('B-A O'), predicted: words('S-A O') }),
    /sentence 1, token 1: expected a tag that begins with I, O, B \(IOB2\) and found "S-A"/,
  );
});

test('nothing tagged on either side is not computable, other lengths are refused', () => {
  const none = entityRows({ truth: words('O O'), predicted: words('O O') });
  assert.deepEqual(findMetric('ner', 'f1_score').value(none), { notComputable: 'zero-denominator', n: 1 });
  assert.equal(value('token_accuracy', none), 1);
  assert.throws(() => entityRows({ truth: words('O O'), predicted: words('O') }), /sentence 1: expected 2 tags and found 1/);
  assert.throws(() => entityRows({ truth: words('O'), predicted: [] }), /expected 1 tagged sentences/);
});

test('two taggers are compared sentence by sentence', async () => {
  const truth = Array.from({ length: 200 }, () => ['B-A', 'I-A', 'O', 'B-B']);
  const wrongOn = (every: number): string[][] => truth.map((tags, i) => (i % every === 0 ? ['B-A', 'O', 'O', 'B-B'] : tags));
  const [good, bad] = [wrongOn(20), wrongOn(3)].map((predicted) => entityRows({ truth, predicted }));
  for (const metric of entityMetrics) {
    const found = await compareModels({ primary: metric, candidate: good!, champion: bad!, replicates: 200 });
    assert.equal(found.verdict, 'better', metric.name);
  }
});
