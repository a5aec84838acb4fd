import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Cuts the Telco sample table into six monthly files, so that data can arrive:
 * `node tools/examples/cut-telco.ts Telco-Customer-Churn.csv examples/churn/months`.
 * The month of a row depends on its customerID alone: SHA-256 of `month|customerID`, first 32 bits, modulo 6.
 * Header, values and the order of rows are the source's.
 */
const MONTHS = ['2026-01', '2026-02', '2026-03', '2026-04', '2026-05', '2026-06'];

const [source, folder] = process.argv.slice(2);
if (!source || !folder) throw new Error('Expected: cut-telco.ts SOURCE.csv FOLDER');

const [header, ...rows] = (await readFile(source, 'utf8')).split(/\r?\n/).filter((line) => line !== '');
const monthOf = (row: string): number =>
  createHash('sha256')
    .update(`month|${row.slice(0, row.indexOf(','))}`)
    .digest()
    .readUInt32BE(0) % MONTHS.length;

await mkdir(folder, { recursive: true });
for (const [number, month] of MONTHS.entries()) {
  await writeFile(join(folder, `${month}.csv`), `${[header, ...rows.filter((row) => monthOf(row) === number)].join('\n')}\n`);
}
