import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archivedFile } from '../../src/providers/archived-file.ts';
import { zip } from '../stand-ins/zip.ts';

const RUN = { name: 'run.json', content: '{"a": 1}' };
const read = (archive: Buffer, most = 100) => Buffer.from(archivedFile(archive, 'run.json', most)).toString('utf8');

test('one file of an archive, by its whole name, whatever else is in it', () => {
  assert.equal(read(zip([{ name: '../run.json', content: 'out' }, RUN, { name: 'x/run.json', content: 'deep' }])), RUN.content);
  assert.equal(read(Buffer.concat([zip([RUN]), Buffer.from('a comment behind it')])), RUN.content);
});

test('what an archive says of itself is not believed: sizes, checksums, places, methods, an end', () => {
  const bomb = { name: 'run.json', content: '0'.repeat(100_000), says: { bytes: 10 } };
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [zip([{ ...RUN, name: 'other.json' }]), /it is not in it/],
    [zip([{ ...RUN, content: 'x'.repeat(101) }]), /says it has 101 bytes; at most 100 are read/],
    [zip([bomb]), /Cannot create a Buffer larger than 10 bytes/],
    [zip([{ ...RUN, says: { checksum: 1 } }]), /is not what its checksum says/],
    [zip([{ ...RUN, says: { bytes: 50 } }]), /is not what its checksum says/],
    [zip([{ ...RUN, says: { at: 4 } }]), /is not where the directory says/],
    [zip([{ ...RUN, says: { at: 4_000_000 } }]), /out of range/],
    [zip([{ ...RUN, says: { method: 99 } }]), /unknown method 99/],
    [Buffer.alloc(0), /it has no end/],
    [zip([RUN]).subarray(0, 60), /it has no end/],
  ];
  for (const [archive, message] of cases) assert.throws(() => read(archive), { code: 'corrupted', message });
});
