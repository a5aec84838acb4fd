import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTable } from '../../src/tables/open-table.ts';
import { profileToJson } from '../../src/tables/profile/profile-json.ts';
import { profile } from '../../src/tables/profile/profiler.ts';
import { csvFile } from './data.ts';
import { alternate, dataFolder, type Measure, measureOf, rows, runOurs, runPeer } from './measure.ts';

/** PSI and KS of ten columns, reading included on both sides: against raw data, and against a stored profile. */
export async function bench(): Promise<Measure[]> {
  const before = await csvFile(rows, 1);
  const after = await csvFile(rows, 2, 1);
  const stored = join(dataFolder, `profile-${rows}.json`);
  writeFileSync(stored, profileToJson(await profile(await openTable(before))));
  const { one, two, counted, countedByTwo, evidently, inMemory } = await alternate({
    one: () => runOurs('drift.ts', before, after),
    two: () => runOurs('drift.ts', before, after, '2'),
    counted: () => runOurs('drift.ts', stored, after),
    countedByTwo: () => runOurs('drift.ts', stored, after, '2'),
    evidently: () => runPeer('drift.py', before, after),
    inMemory: () => runPeer('drift.py', before, after, 'reference-in-memory'),
  });
  const name = `drift psi+ks ${rows} x 10 against`;
  const peer = 'evidently 0.7.23';
  return [
    measureOf(`${name} ${rows} x 10`, peer, one, evidently),
    measureOf(`${name} ${rows} x 10, two threads`, peer, two, evidently),
    measureOf(`${name} a stored profile`, peer, counted, evidently),
    measureOf(`${name} a stored profile, two threads`, peer, countedByTwo, evidently),
    measureOf(`${name} a stored profile`, `${peer}, reference in memory`, counted, inMemory),
  ];
}
