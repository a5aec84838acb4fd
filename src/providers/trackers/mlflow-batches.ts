/** Bytes of one request that MLflow takes (mlflow/utils/validation.py), with room for what stands around the items. */
const BATCH_BYTES_MAX = 1_000_000 - 1_000;
export const METRICS_MAX = 1_000;
export const PAIRS_MAX = 100;

/** The items in batches of at most `countMax` and `bytesMax` bytes as JSON, in their order. One that is larger alone is a batch alone. */
export function* batches<Item>(items: Iterable<Item>, countMax: number, bytesMax = BATCH_BYTES_MAX): Generator<readonly Item[]> {
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (batch.length > 0 && (batch.length === countMax || bytes + size > bytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
