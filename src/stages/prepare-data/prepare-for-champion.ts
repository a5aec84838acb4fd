import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context, FileOutput } from '../../kernel/stage.ts';
import { applyPreparation } from '../../tables/preparation/apply.ts';
import { readPreparation } from '../../tables/preparation/preparation.ts';
import { decodeMembers } from '../../tables/split-members.ts';
import type { Part } from '../../tables/split-parts.ts';
import type { Table } from '../../tables/table.ts';
import { writeCsv } from '../../tables/write-csv.ts';
import { keysTrainedOn } from './keys-trained-on.ts';
import { withoutTarget } from './without-target.ts';

interface Champion {
  readonly folder: string;
  readonly parts: readonly (readonly [Part, Table])[];
  readonly target: string;
  readonly key: string;
}

/** The judging rows in the champion's own preparation, and which of them it learned from; or why it cannot be given them. */
export async function prepareForChampion(
  { folder, parts, target, key }: Champion,
  { files, signal, log }: Pick<Context, 'files' | 'signal' | 'log'>,
): Promise<Record<string, FileOutput | string>> {
  const made: Record<string, FileOutput | string> = {};
  const trainedOn: string[] = [];
  try {
    const theirs = readPreparation(await readFile(join(folder, 'preparation.json'), 'utf8'), 'preparation.json of the champion');
    const members = decodeMembers(await readFile(join(folder, 'split')), 'split of the champion');
    for (const [part, rows] of parts) {
      const prepared = withoutTarget(applyPreparation(theirs, rows), target);
      made[`champion-${part}`] = await files.write(`champion/${part}.csv`, writeCsv(prepared, { signal }));
      trainedOn.push(...(await keysTrainedOn(rows, members, key, signal)));
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof Error) || !('fault' in error || 'code' in error)) throw error;
    log.warn('champion-unusable', `The champion cannot be given these rows: ${error.message}`);
    return { 'champion-problem': error.message };
  }
  made['left-out'] = await files.write('champion/left-out.json', `${JSON.stringify(trainedOn)}\n`);
  return made;
}
