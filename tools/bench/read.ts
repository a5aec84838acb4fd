import { csvFile, parquetFile } from './data.ts';
import { alternate, type Measure, measureOf, rows, runOurs, runPeer } from './measure.ts';

/** Reading a table of ten columns whole: CSV against pandas, Parquet against pandas and against hyparquet as it comes. */
export async function bench(): Promise<Measure[]> {
  const csv = await csvFile(rows, 1);
  const parquet = await parquetFile(rows, 1);
  const { text, columns, pandasText, pandasColumns, hyparquet } = await alternate({
    text: () => runOurs('read.ts', csv),
    columns: () => runOurs('read.ts', parquet),
    pandasText: () => runPeer('read.py', csv),
    pandasColumns: () => runPeer('read.py', parquet),
    hyparquet: () => runOurs('read-hyparquet.ts', parquet),
  });
  return [
    measureOf(`read csv ${rows} x 10`, 'pandas.read_csv', text, pandasText),
    measureOf(`read parquet ${rows} x 10`, 'our CSV of the same table', columns, text),
    measureOf(`read parquet ${rows} x 10`, 'hyparquet', columns, hyparquet),
    measureOf(`read parquet ${rows} x 10`, 'pandas.read_parquet', columns, pandasColumns),
  ];
}
