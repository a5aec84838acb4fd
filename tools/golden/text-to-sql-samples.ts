/**
 * Makes test/fixtures/text-to-sql from the whole sets, which lie beside the checkout (../shared/data/text-to-sql).
 * A row is taken when the first byte of the SHA-256 of its key text is a multiple of the file's step: the same rows every time.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.cwd();
const from = join(root, '../shared/data/text-to-sql');
const to = join(root, 'test/fixtures/text-to-sql');
mkdirSync(to, { recursive: true });

type Row = Readonly<Record<string, unknown>>;
const firstByte = (text: string): number => createHash('sha256').update(text).digest()[0]!;
const rowsOf = (file: string): Row[] =>
  readFileSync(join(from, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
const write = (file: string, rows: readonly Row[]): void => {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  writeFileSync(join(to, file), text);
  console.log(file, rows.length, text.length);
};

for (const [file, step] of [
  ['bird-mini-dev-predictions.jsonl', 24],
  ['syntax-mutations.jsonl', 24],
  ['syntax-corpus.jsonl', 10],
  ['mysql-from-sqlite-models.jsonl', 24],
  ['bird-mini-dev-gold.jsonl', 24],
] as const)
  write(
    file,
    rowsOf(file).filter((row) => firstByte(String(row.sql)) % step === 0),
  );

const dev = rowsOf('spider-dev.jsonl').filter((row) => firstByte(String(row.question)) % 8 === 0);
write('spider-dev.jsonl', dev);
const taken = new Set(dev.map((row) => row.idx));
write(
  'spider-dev-predictions.jsonl',
  rowsOf('spider-dev-predictions.jsonl').filter((row) => taken.has(row.idx)),
);
for (const file of ['spider-dev-schemas.json', 'exec-dbs.jsonl', 'reference-eval.csv']) copyFileSync(join(from, file), join(to, file));
