import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTable } from '../../src/tables/open-table.ts';
import { profileToJson } from '../../src/tables/profile/profile-json.ts';
import { profile } from '../../src/tables/profile/profiler.ts';
import { csvFile } from './data.ts';
import { compare, dataFolder, type Measure, rows, runOurs, runPeer } from './measure.ts';

/** PSI and KS of ten columns, reading included on both sides: against raw data, and against a stored profile. */
export async function bench(): Promise<Measure[]> {
  const before = await csvFile(rows, 1);
  const after = await csvFile(rows, 2, 1);
  const stored = join(dataFolder, `profile-${rows}.json`);
  writeFileSync(stored, profileToJson(await profile(await openTable(before))));
  const evidently = () => runPeer('drift.py', before, after);
  return [
    await compare(
      `drift psi+ks ${rows} x 10 against ${rows} x 10`,
      'evidently 0.7.23',
      () => runOurs('drift.ts', before, after),
      evidently,
    ),
    await compare(
      `drift psi+ks ${rows} x 10 against ${rows} x 10, two threads`,
      'evidently 0.7.23',
      () => runOurs('drift.ts', before, after, '2'),
      evidently,
    ),
    await compare(
      `drift psi+ks ${rows} x 10 against a stored profile`,
      'evidently 0.7.23',
      () => runOurs('drift.ts', stored, after),
      evidently,
    ),
    await compare(
      `drift psi+ks ${rows} x 10 against a stored profile`,
      'evidently 0.7.23, reference in memory',
      () => runOurs('drift.ts', stored, after),
      () => runPeer('drift.py', before, after, 'reference-in-memory'),
    ),
  ];
}
