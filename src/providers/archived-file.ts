import { crc32, inflateRawSync } from 'node:zlib';
import { UserError } from '../kernel/errors.ts';

const END = 0x06054b50;
const END_BYTES = 22;
const COMMENT_BYTES_MAX = 65_535;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

/**
 * One file of a zip archive that may be hostile: found in the archive's directory by its whole name, unpacked in memory to at most `bytesMax`
 * bytes, compared with its checksum. Nothing else in the archive is looked at, and nothing is written anywhere.
 * Errors: `UserError` `corrupted`.
 */
export function archivedFile(archive: Uint8Array, name: string, bytesMax: number): Uint8Array {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  try {
    const { method, checksum, packed, unpacked, at } = findEntry(bytes, name);
    if (unpacked > bytesMax) throw new RangeError(`${name} says it has ${unpacked} bytes; at most ${bytesMax} are read`);
    if (bytes.readUInt32LE(at) !== LOCAL) throw new RangeError(`${name} is not where the directory says`);
    const start = at + LOCAL_BYTES + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    const content = bytes.subarray(start, start + packed);
    if (method !== STORED && method !== DEFLATED) throw new RangeError(`${name} is packed by the unknown method ${method}`);
    const found = method === STORED ? content : inflateRawSync(content, { maxOutputLength: Math.max(1, unpacked) });
    if (found.byteLength !== unpacked || crc32(found) !== checksum) throw new RangeError(`${name} is not what its checksum says`);
    return found;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UserError('corrupted', `Expected a zip archive with ${name} in it: ${message}.`, { cause });
  }
}

function findEntry(bytes: Buffer, wanted: string) {
  const end = findEnd(bytes);
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    if (bytes.readUInt32LE(at) !== ENTRY) throw new RangeError('its directory is broken');
    const nameBytes = bytes.readUInt16LE(at + 28);
    if (bytes.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes) === wanted) {
      return {
        method: bytes.readUInt16LE(at + 10),
        checksum: bytes.readUInt32LE(at + 16),
        packed: bytes.readUInt32LE(at + 20),
        unpacked: bytes.readUInt32LE(at + 24),
        at: bytes.readUInt32LE(at + 42),
      };
    }
    at += ENTRY_BYTES + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  throw new RangeError('it is not in it');
}

/** The directory's end stands at the end, before a comment of the archive. */
function findEnd(bytes: Buffer): number {
  for (let at = bytes.byteLength - END_BYTES; at >= Math.max(0, bytes.byteLength - END_BYTES - COMMENT_BYTES_MAX); at--) {
    if (bytes.readUInt32LE(at) === END) return at;
  }
  throw new RangeError('it has no end');
}
