import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly content: string;
  /** What the directory says, when it is not the truth. */
  readonly says?: { readonly bytes?: number; readonly checksum?: number; readonly at?: number; readonly method?: number };
}

/** A zip archive of these entries, as small as the form allows. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, says = {} } of entries) {
    const packed = deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(says.method ?? 8, 10);
    entry.writeUInt32LE(says.checksum ?? crc32(content), 16);
    entry.writeUInt32LE(packed.byteLength, 20);
    entry.writeUInt32LE(says.bytes ?? Buffer.byteLength(content), 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(says.at ?? at, 42);
    locals.push(local, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    at += 30 + name.length + packed.byteLength;
  }
  const all = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(all.byteLength, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, all, end]);
}
