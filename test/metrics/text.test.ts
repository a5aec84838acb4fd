import assert from 'node:assert/strict';
import { test } from 'node:test';
import { corpusBleu, corpusChrf, corpusTer, findMetric, type Tokenizer, textRows } from '../../src/metrics/index.ts';
import { close, golden } from './close.ts';

const reference = golden('text') as {
  hypotheses: string[];
  references: string[][];
  corpus: Record<string, number>;
  sentences: { bleu: number; chrf: number; ter: number }[];
  long: { hypotheses: string[]; references: string[][]; sentences: number[]; corpus: number };
};
const worked = textRows({
  hypotheses: ['the cat sat on the mat', 'there is a dog here'],
  references: [['the cat is on the mat'], ['a dog is here']],
});

test('worked example: BLEU, chrF, chrF++, TER', () => {
  close(corpusBleu(worked), 26.8467869615, '', 1e-11);
  close(corpusChrf(worked), 54.8990199572, '', 1e-11);
  close(corpusChrf(worked, 2), 58.3422943906, '', 1e-11);
  close(corpusTer(worked), 30, '', 1e-11);
});

test('corpora equal sacrebleu, by tokenizer and smoothing', () => {
  for (const tokenizer of ['13a', 'intl', 'char', 'zh', 'none'] as Tokenizer[])
    close(corpusBleu(reference, { tokenizer }), reference.corpus[`bleu ${tokenizer}`]!, tokenizer);
  const short = { hypotheses: reference.hypotheses.slice(0, 2), references: reference.references.slice(0, 2) };
  for (const smoothing of ['exp', 'floor', 'add-k', 'none'] as const)
    close(corpusBleu(short, { smoothing }), reference.corpus[`bleu smooth ${smoothing}`]!, smoothing);
  close(corpusBleu({ hypotheses: ['cat'], references: [['cat']] }, { effectiveOrder: true }), reference.corpus['bleu effective order']!);
  close(corpusChrf(reference), reference.corpus.chrf!, 'chrF');
  close(corpusChrf(reference, 2), reference.corpus['chrf++']!, 'chrF++');
  close(corpusTer(reference), reference.corpus.ter!, 'TER');
});

test('sentences equal sacrebleu', () => {
  reference.sentences.forEach(({ bleu, chrf, ter }, i) => {
    const one = { hypotheses: [reference.hypotheses[i]!], references: [reference.references[i]!] };
    close(corpusBleu(one, { effectiveOrder: true }), bleu, `BLEU ${i}`);
    close(corpusChrf(one), chrf, `chrF ${i}`);
    close(corpusTer(one), ter, `TER ${i}`);
  });
});

test('TER of long texts of few words equals sacrebleu, where band and limits of moves decide', () => {
  reference.long.sentences.forEach((ter, i) => {
    const one = { hypotheses: [reference.long.hypotheses[i]!], references: [reference.long.references[i]!] };
    close(corpusTer(one), ter, `TER ${i}`);
  });
  close(corpusTer(reference.long), reference.long.corpus, 'corpus');
});

test('TER by hand: a moved run is one edit, upper case none, a text against nothing 100 %', () => {
  const of = (hypothesis: string, ...references: string[]): number => corpusTer({ hypotheses: [hypothesis], references: [references] });
  assert.equal(of('d e a b c', 'a b c d e'), 20);
  assert.equal(of('A b C', 'a B c'), 0);
  assert.equal(of('', 'a b'), 100);
  assert.equal(of('a', ''), 100);
  assert.equal(of('', ''), 0);
  assert.equal(of('a b x', 'a b', 'a b c d'), 100 / 3);
});

test('texts are metrics with intervals over resampled texts; a text without reference is refused', async () => {
  const rows = textRows(reference);
  for (const name of ['bleu', 'chrf', 'chrf_plus_plus', 'ter']) {
    const found = await findMetric('text', name).estimate(rows, { replicates: 200 });
    assert.ok('value' in found && found.interval !== undefined, name);
    assert.ok(found.interval.low < found.value && found.value < found.interval.high, name);
  }
  assert.throws(() => textRows({ hypotheses: ['a'], references: [[]] }), /row 1: expected at least one reference/);
  assert.throws(() => textRows({ hypotheses: ['a'], references: [] }), /expected 0 texts/);
});
