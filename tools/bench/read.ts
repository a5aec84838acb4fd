import { csvFile, parquetFile } from './data.ts';
import { compare, type Measure, rows, runOurs, runPeer } from './measure.ts';

/** Reading a table of ten columns whole: CSV against pandas, Parquet against pandas and against hyparquet as it comes. */
export async function bench(): Promise<Measure[]> {
  const csv = await csvFile(rows, 1);
  const parquet = await parquetFile(rows, 1);
  return [
    await compare(
      `read csv ${rows} x 10`,
      'pandas.read_csv',
      () => runOurs('read.ts', csv),
      () => runPeer('read.py', csv),
    ),
    await compare(
      `read parquet ${rows} x 10`,
      'pandas.read_parquet',
      () => runOurs('read.ts', parquet),
      () => runPeer('read.py', parquet),
    ),
    await compare(
      `read parquet ${rows} x 10`,
      'hyparquet',
      () => runOurs('read.ts', parquet),
      () => runOurs('read-hyparquet.ts', parquet),
    ),
  ];
}
