import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';

const [path] = process.argv.slice(2);
const start = performance.now();
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
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, mb: process.resourceUsage().maxRSS / 1024, found: { rows } }));
