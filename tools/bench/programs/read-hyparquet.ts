import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { Clock } from './timed.ts';

const [path] = process.argv.slice(2);
const clock = new Clock();
const file = await asyncBufferFromFile(path);
const metadata = await parquetMetadataAsync(file);
let rows = 0;
let from = 0;
for (const group of metadata.row_groups) {
  const to = from + Number(group.num_rows);
  await parquetRead({
    file,
    metadata,
    rowStart: from,
    rowEnd: to,
    onChunk: ({ columnData }) => {
      rows += columnData.length;
    },
  });
  from = to;
}
clock.report({ rows });
