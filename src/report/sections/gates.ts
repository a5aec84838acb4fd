import { type Block, cell, columnsOf, type Section, type Tone } from '../document.ts';
import { beside, count, plural } from '../numbers.ts';
import type { Gate, Run } from '../run.ts';

const VERDICT_TONES: Readonly<Record<Gate['verdict'], Tone>> = { passed: 'good', failed: 'bad', incomparable: 'unsure' };
const VERDICT_WORDS: Readonly<Record<Gate['verdict'], string>> = { passed: '✓ passed', failed: '✗ failed', incomparable: '? uncertain' };

export function gates(run: Run): Section {
  const all = run.records.flatMap((record) => record.gates.map((gate) => ({ stage: record.stage, gate })));
  const missed = all.filter(({ gate }) => gate.verdict !== 'passed').length;
  const rows = all.map(({ stage, gate }) => [
    cell(VERDICT_WORDS[gate.verdict], { tone: VERDICT_TONES[gate.verdict] }),
    cell(gate.name),
    cell(gate.threshold),
    cell(gate.value === undefined ? '–' : beside(gate.value, gate.threshold, gate.interval)),
    cell([gate.slice, gate.split].filter(Boolean).join(', ') || '–'),
    cell(stage),
    cell(gate.reason ?? `by its ${gate.judged === 'point' ? 'point value' : 'interval'}`),
  ]);
  if (rows.length === 0) return { id: 'gates', title: 'Gates', weight: 'essential', blocks: [] };
  const lead: Block = {
    kind: 'text',
    tone: missed === 0 ? 'good' : 'bad',
    text:
      missed === 0
        ? `All ${plural(all.length, 'gate')} passed.`.replace('All 1 gate', 'The only gate')
        : `${count(missed)} of ${plural(all.length, 'gate')} not passed.`,
  };
  return {
    id: 'gates',
    title: 'Gates',
    weight: 'essential',
    blocks: [
      lead,
      { kind: 'table', caption: 'Gates', columns: columnsOf('Verdict', 'Measure', 'Asked', '#Found', 'Where', 'Stage', 'Judged'), rows },
    ],
  };
}
