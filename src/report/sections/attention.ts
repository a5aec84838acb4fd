import { type Block, cell, columnsOf, type Section } from '../document.ts';
import { type Run, recordOf } from '../run.ts';

/** Errors and warnings: what a reader must know before the figures. */
export function attention(run: Run): Section {
  const blocks: Block[] = run.records.flatMap((record): Block[] =>
    record.error
      ? [{ kind: 'text', tone: 'bad', text: `${record.stage}: ${record.error.message}${record.error.todo ? ` ${record.error.todo}` : ''}` }]
      : [],
  );
  const warnings = run.records.flatMap((record) =>
    record.warnings.map(({ code, text }) => [cell(record.stage), cell(code, { code: true }), cell(text)]),
  );
  if (warnings.length > 0)
    blocks.push({ kind: 'table', caption: 'Warnings', columns: columnsOf('Stage', 'Code', 'Warning'), rows: warnings });
  if (recordOf(run, 'train')?.inputs.select === 'test') {
    blocks.push({
      kind: 'text',
      tone: 'unsure',
      text: 'The winner was chosen on the test part (train.select: test), so its figures are optimistic.',
    });
  }
  const proposal = recordOf(run, 'promote')?.outputs.proposal;
  if (typeof proposal === 'string') blocks.push({ kind: 'links', links: [{ name: 'The pull request that promotes it', url: proposal }] });
  if (run.force) blocks.push({ kind: 'text', tone: 'unsure', text: 'This run was forced: it trained although its key was known.' });
  return { id: 'attention', title: 'Attention', weight: 'essential', blocks };
}
