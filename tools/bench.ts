/** npm run bench -- NAME…: times our work against the named peer on the same files; one JSON line per measure. Without names: lists them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './process.ts';
import { pythonTools } from './python.ts';

const folder = join(root, 'tools', 'bench');
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && name !== 'measure.ts' && name !== 'data.ts')
  .map((name) => name.slice(0, -3));
const names = process.argv.slice(2);
const unknown = names.filter((name) => !known.includes(name));

if (names.length === 0 || unknown.length > 0) {
  console.error(`${unknown.length > 0 ? `There is no bench ${unknown.join(', ')}. ` : ''}npm run bench -- NAME…, of: ${known.join(', ')}.`);
  console.error('BENCH_ROWS sets the number of rows (5,000,000 unless told).');
  process.exit(names.length === 0 ? 0 : 2);
}

interface Bench {
  readonly bench: () => Promise<readonly object[]>;
  /** Set where the peer is not a Python program. */
  readonly withoutPython?: true;
}
const benches = await Promise.all(names.map(async (name) => (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as Bench));

if (benches.some(({ withoutPython }) => withoutPython !== true)) {
  const python = await pythonTools(join(root, 'tools', 'requirements', 'bench.lock'));
  if ('failure' in python) {
    console.error(`The peers need Python: ${python.failure.slice(-2000)}`);
    process.exit(3);
  }
  process.env.BENCH_PYTHON = join(python.bin, process.platform === 'win32' ? 'python.exe' : 'python');
}

for (const { bench } of benches) for (const measure of await bench()) console.log(JSON.stringify(measure));
