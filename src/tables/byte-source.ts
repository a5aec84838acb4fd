/** The bytes [from, to) of a file. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** Bytes that can be read again: a file, an object of a store, a test's array. */
export interface ByteSource {
  /** Shown in messages. */
  readonly name: string;
  /** Bytes in all, when known without reading. */
  readonly size?: number;
  open(signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Bytes [from, to) alone, where the source can give them without reading all. */
  slice?(from: number, to: number): Promise<Uint8Array>;
  /** Bytes [from, to) as a stream, where the source can. */
  openRange?(range: ByteRange, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A source over bytes or text in memory; text becomes UTF-8. `blockBytes` cuts it, so that tests meet every boundary. */
export function bytesOf(name: string, content: string | Uint8Array, blockBytes = Number.POSITIVE_INFINITY): ByteSource {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    name,
    size: bytes.length,
    slice: async (from, to) => bytes.subarray(from, to),
    async *open(signal) {
      for (let at = 0; at < bytes.length; at += blockBytes) {
        signal?.throwIfAborted();
        yield bytes.subarray(at, Math.min(bytes.length, at + blockBytes));
      }
    },
  };
}

/** The blocks without a UTF-8 byte order mark at their beginning. */
export async function* withoutBom(blocks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array(0);
  for await (const block of blocks) {
    if (head === undefined) {
      yield block;
      continue;
    }
    const joined: Uint8Array = head.length === 0 ? block : Buffer.concat([head, block]);
    if (joined.length < 3) {
      head = new Uint8Array(joined);
      continue;
    }
    head = undefined;
    yield joined[0] === 0xef && joined[1] === 0xbb && joined[2] === 0xbf ? joined.subarray(3) : joined;
  }
  if (head !== undefined && head.length > 0) yield head;
}
