import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import { fillShop } from './shop.ts';
import { KINDS, type Pair } from './shop-questions.ts';

/**
 * Makes the data of examples/text-to-sql: questions about a small shop with the SQL that answers them, and the shop's database.
 * `node tools/examples/make-text-to-sql.ts examples/text-to-sql`. The same every time; no question stands there twice.
 * The first month knows most kinds of questions; the second brings more of all, and the rest.
 */
const MONTHS = [
  { name: '2026-01', rows: 1500, kinds: KINDS.filter(({ since }) => since === 1) },
  { name: '2026-02', rows: 900, kinds: KINDS },
] as const;

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Expected: make-text-to-sql.ts FOLDER');

const random = Random.of(6, STREAMS.sampling);
const asked = new Set<string>();
let id = 0;

function* pairs(rows: number, kinds: readonly (typeof KINDS)[number][]): Generator<Pair & { readonly id: string }> {
  for (let made = 0; made < rows; ) {
    const kind = kinds[random.below(kinds.length)]!;
    const pair = kind.make((values) => values[random.below(values.length)]!);
    if (asked.has(pair.question)) continue;
    asked.add(pair.question);
    made++;
    yield { ...pair, id: `q${String(++id).padStart(4, '0')}` };
  }
}

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

await mkdir(join(folder, 'months'), { recursive: true });
await mkdir(join(folder, 'databases'), { recursive: true });
for (const { name, rows, kinds } of MONTHS) {
  const lines = [...pairs(rows, kinds)].map((pair) => [pair.id, 'shop', pair.question, pair.complexity, pair.sql].map(quoted).join(','));
  await writeFile(join(folder, 'months', `${name}.csv`), `${['id,db_id,input_text,sql_complexity,sql', ...lines].join('\n')}\n`);
}
const path = join(folder, 'databases', 'shop.sqlite');
await rm(path, { force: true });
const database = new DatabaseSync(path);
fillShop(database, random);
database.close();
