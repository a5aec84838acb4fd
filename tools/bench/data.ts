import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import { openTable } from '../../src/tables/open-table.ts';
import { writeParquet } from '../../src/tables/write-parquet.ts';
import { dataFolder } from './measure.ts';

const PLANS = ['basic', 'plus', 'premium', 'business'];
const HEADER = 'id,age,income,score,balance,ratio,visits,plan,city,days\n';

/** A CSV file of ten columns: two texts, five whole numbers, three decimals of different width. `shift` moves age and income. Made once per name. */
export function csvFile(rows: number, seed: number, shift = 0): Promise<string> {
  const random = Random.of(seed, STREAMS.synthetic);
  return madeOnce(`table-${rows}-${seed}-${shift}.csv`, HEADER, rows, (i) => {
    const age = 18 + random.below(60) + shift;
    const income = (Math.exp(random.float() * 3) * 5000 * (1 + shift / 10)).toFixed(2);
    return `${i},${age},${income},${random.float().toFixed(6)},${(random.float() * 20_000 - 5000).toFixed(2)},${(random.float() * 3).toFixed(9)},${random.below(300)},${PLANS[random.below(4)]},city${random.below(200)},${random.below(3650)}\n`;
  });
}

/** A file of the folder for data, written line by line where it is not there yet; its path. */
export async function madeOnce(name: string, header: string, rows: number, line: (row: number) => string): Promise<string> {
  const path = join(dataFolder, name);
  if (existsSync(path)) return path;
  const out = createWriteStream(`${path}.part`);
  let text = header;
  for (let i = 0; i < rows; i++) {
    text += line(i);
    if (text.length < 1 << 20) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'finish');
  renameSync(`${path}.part`, path);
  return path;
}

/** The same table as Parquet (snappy). */
export async function parquetFile(rows: number, seed: number): Promise<string> {
  const path = join(dataFolder, `table-${rows}-${seed}.parquet`);
  if (existsSync(path)) return path;
  const table = await openTable(await csvFile(rows, seed));
  const out = createWriteStream(`${path}.part`);
  for await (const piece of writeParquet(table)) if (!out.write(piece)) await once(out, 'drain');
  out.end();
  await once(out, 'finish');
  renameSync(`${path}.part`, path);
  return path;
}
