import type { Context, FileOutput, StageResult } from '../../kernel/stage.ts';
import { failed, passed } from '../../kernel/verdict.ts';
import type { Data } from '../../providers/sources/source.ts';
import { applyPreparation } from '../../tables/preparation/apply.ts';
import { fitPreparation } from '../../tables/preparation/fit.ts';
import { describeFeatures, type Preparation, writePreparation } from '../../tables/preparation/preparation.ts';
import { profileToJson } from '../../tables/profile/profile-json.ts';
import { profile } from '../../tables/profile/profiler.ts';
import { partTable, type Split, splitTable } from '../../tables/split.ts';
import { trainedMembers } from '../../tables/split-members.ts';
import type { Part } from '../../tables/split-parts.ts';
import { writeCsv } from '../../tables/write-csv.ts';
import { readOptionsOf } from '../read-inputs.ts';
import { keyedBy, ROW_KEY } from '../row-key.ts';
import { watched } from '../watched.ts';
import { checkLeakage } from './check-leakage.ts';
import type { PrepareInputs } from './inputs.ts';
import { prepareForChampion } from './prepare-for-champion.ts';
import { targetClasses } from './target-classes.ts';
import { textDefaults } from './text-defaults.ts';
import { withoutTarget } from './without-target.ts';

/** Parts that judge, in the order a report shows them. */
const JUDGING: readonly Part[] = ['validation', 'test', 'oot'];

/** The rows in parts, the columns as features learned from the training part, and everything a trainer reads, written. */
export async function prepare(
  inputs: PrepareInputs,
  { data }: { readonly data: Data },
  { files, signal, log }: Context,
): Promise<StageResult> {
  const { target } = inputs;
  let [share, work] = [0, 'splitting'];
  const begin = (next: number, what: string): void => {
    [share, work] = [next, what];
    log.progress(share, work);
  };
  const opened = await data.open(inputs.data, readOptionsOf(inputs.read), signal);
  const raw = watched(opened, (rows) => log.progress(share, `${work}: ${rows} rows read`));
  const table = inputs.key === undefined ? keyedBy(raw) : raw;
  const key = inputs.key ?? ROW_KEY;
  const { passthrough, drop, texts } = textDefaults(table.schema, key, inputs);

  const split = await splitTable(table, inputs.split, { key, target: target.column, signal });
  for (const warning of split.warnings) log.warn('split', warning);
  const train = partTable(table, split, 'train');
  const judging = JUDGING.filter((part) => split.parts.includes(part));

  begin(0.15, 'learning the preparation');
  const classes = await targetClasses(table, split, inputs, signal);
  const preparation = await fitPreparation(train, { ...inputs, passthrough, drop }, { key, target: target.column, signal });
  for (const warning of preparation.warnings) log.warn('preparation', warning);
  begin(0.35, 'looking for leakage');
  const leakage = await checkLeakage(table, split, { ...inputs, texts }, key, signal);
  for (const { text } of leakage.findings) log.warn('leakage', text);

  begin(0.55, 'writing the training rows');
  const outputs: Record<string, FileOutput | number | string> = {
    preparation: await files.write('preparation.json', writePreparation(preparation)),
    features: await files.write(
      'features.json',
      `${JSON.stringify({ key, target: { column: target.column, ...classes }, features: describeFeatures(preparation), rows: rowsOf(split, 'train') }, undefined, 2)}\n`,
    ),
    profile: await files.write('profile.json', profileToJson(await profile(train, { signal }))),
    members: await files.write('split', trainedMembers(split).encode()),
    train: await files.write('train.csv', writeCsv(applyPreparation(preparation, train), { signal })),
    'train-rows': rowsOf(split, 'train'),
    'judging-rows': rowsOf(split, 'test'),
  };
  for (const [i, part] of judging.entries()) {
    begin(0.75 + (0.15 * i) / judging.length, `writing the ${part} rows`);
    const rows = partTable(table, split, part);
    outputs[`${part}-rows`] = await files.write(`rows/${part}.csv`, writeCsv(rows, { signal }));
    outputs[part] = await files.write(
      `${part}.csv`,
      writeCsv(withoutTarget(applyPreparation(preparation, rows), target.column), { signal }),
    );
  }
  if (inputs.champion !== undefined) {
    begin(0.9, 'preparing the rows for the champion');
    const parts = judging.map((part) => [part, partTable(table, split, part)] as const);
    const champion = { folder: inputs.champion, parts, target: target.column, key };
    Object.assign(outputs, await prepareForChampion(champion, { files, signal, log }));
  }
  const counts = split.counts.map(({ part, rows }) => `${part} ${rows}`).join(', ');
  const leaked = inputs.leakage['on-leakage'] === 'fail' ? leakage.findings[0] : undefined;
  return {
    verdict: leaked ? failed('leakage', leaked.text) : passed,
    found: [counts, ...featuresText(preparation)].join('; '),
    outputs,
    tables: leakage.tables,
  };
}

const rowsOf = ({ counts }: Split, part: Part): number => counts.find((count) => count.part === part)?.rows ?? 0;

/** Nothing where texts are handed on as they are. */
const featuresText = (preparation: Preparation): string[] =>
  preparation.features.length === 0
    ? []
    : [`${preparation.features.length} columns become ${describeFeatures(preparation).length} features`];
