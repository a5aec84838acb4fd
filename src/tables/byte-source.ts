/** Bytes that can be read again: a file, an object of a store, a test's array. */
export interface ByteSource {
  /** Shown in messages. */
  readonly name: string;
  /** Bytes in all, when known without reading. */
  readonly size?: number;
  open(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A source over bytes or text in memory; text becomes UTF-8. `blockBytes` cuts it, so that tests meet every boundary. */
export function bytesOf(name: string, content: string | Uint8Array, blockBytes = Number.POSITIVE_INFINITY): ByteSource {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    name,
    size: bytes.length,
    async *open(signal) {
      for (let at = 0; at < bytes.length; at += blockBytes) {
        signal?.throwIfAborted();
        yield bytes.subarray(at, Math.min(bytes.length, at + blockBytes));
      }
    },
  };
}
