/** A safetensors file: its header as given (or made), then the tensors' bytes. */
export function safetensors(
  header: unknown = { w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } },
  data: Uint8Array = new Uint8Array(8),
  length?: bigint,
): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const first = Buffer.alloc(8);
  first.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([first, text, data]);
}

/** First bytes of what may run code when it is loaded. */
export const PICKLE = Buffer.from('\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94', 'latin1');
export const ZIP = Buffer.concat([Buffer.from('PK\x03\x04\x14\x00', 'latin1'), Buffer.alloc(40)]);
export const HDF5 = Buffer.from('\x89HDF\r\n\x1a\n\x00\x00\x00\x00', 'latin1');
export const NUMPY = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
export const SENTENCEPIECE = Buffer.from([0x0a, 0x0e, 0x0a, 0x05, ...Buffer.from('<pad>'), 0x15, 0, 0, 0, 0, 0x18, 3, 0x0a, 0x10]);
