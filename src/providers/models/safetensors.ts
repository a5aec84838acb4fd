import { z } from 'zod';

/** What the format's own loaders refuse beyond. */
const HEADER_BYTES_MAX = 100_000_000;

const BITS: Readonly<Record<string, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
};

const natural = z.int().min(0);
const tensor = z.strictObject({ dtype: z.string(), shape: z.array(natural), data_offsets: z.tuple([natural, natural]) });
const header = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(tensor);

/** Length of the header that the first 8 bytes announce, or what is wrong with it. */
export function headerLength(first: Uint8Array, bytes: number): number | { readonly problem: string } {
  if (first.length < 8) return { problem: `the file has ${bytes} bytes, too few for a header` };
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(HEADER_BYTES_MAX)) return { problem: `the header claims ${length} bytes; at most ${HEADER_BYTES_MAX} are read` };
  if (length + 8n > BigInt(bytes)) return { problem: `the header claims ${length} bytes, the file has ${bytes}` };
  return Number(length);
}

/**
 * What is wrong with the header of a safetensors file of `bytes` bytes, or `undefined`: every tensor lies inside the file, is as long as its
 * shape and type say, and follows the one before without gap or overlap; no name stands twice.
 * Source: the format's description, github.com/huggingface/safetensors.
 */
export function headerProblem(text: string, bytes: number): string | undefined {
  if (!text.startsWith('{')) return 'the header does not begin with {';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'the header is not JSON';
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) return `the header names ${JSON.stringify(twice)} twice`;
  const parsed = header.safeParse(value);
  if (!parsed.success)
    return `the header is not of the form: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`;
  const { __metadata__: _, ...tensors } = parsed.data;
  let at = 0;
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(tensors).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    const [start, end] = data_offsets;
    const bits = BITS[dtype];
    if (bits === undefined) return `tensor ${JSON.stringify(name)} has the unknown type ${JSON.stringify(dtype)}`;
    if (start !== at || end < start) return `tensor ${JSON.stringify(name)} lies at ${start} to ${end}, the one before ends at ${at}`;
    const expected = bitsOf(shape, bits);
    if (expected !== BigInt(end - start) * 8n)
      return `tensor ${JSON.stringify(name)} has ${end - start} bytes, its shape and type make ${expected === undefined ? 'more than any file' : expected / 8n}`;
    at = end;
  }
  return at === bytes ? undefined : `the tensors end at ${at} of ${bytes} bytes`;
}

const BITS_MAX = 2n ** 80n;

/** Bits of a shape's values; undefined beyond what any file has: a million lengths would make a number of millions of digits. */
function bitsOf(shape: readonly number[], each: number): bigint | undefined {
  if (shape.includes(0)) return 0n;
  let bits = BigInt(each);
  for (const length of shape) {
    bits *= BigInt(length);
    if (bits > BITS_MAX) return undefined;
  }
  return bits;
}

/** A key that stands twice in one object of a valid JSON text; `JSON.parse` would keep the last and say nothing. */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '{') open.push(new Set());
    else if (sign === '}') open.pop();
    else if (sign === '"') {
      const start = at;
      at = endOfString(text, start);
      AFTER_STRING.lastIndex = at + 1;
      if (!AFTER_STRING.test(text)) continue;
      const key = JSON.parse(text.slice(start, at + 1)) as string;
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}

const AFTER_STRING = /\s*:/y;

/** Where the quote that closes a text stands. A pattern would keep a place for each of its signs, and run out of them. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
