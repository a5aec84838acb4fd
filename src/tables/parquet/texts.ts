/** Texts as they stand in a page: value i is `bytes[starts[i], ends[i])`. */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}
