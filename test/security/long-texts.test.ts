import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { exactMatchString, jaccard, tokenScores } from '../../src/metrics/text-to-sql-match.ts';
import { openSqlite } from '../../src/providers/engines/sqlite.ts';
import { markdownBlock, markdownCode } from '../../src/report/escape.ts';
import { cleanUp, looksLike } from '../../src/sql/cleanup.ts';
import { lexisOf } from '../../src/sql/dialect.ts';
import { changesByItself, orderMatters, refusal, textToRun } from '../../src/sql/execution.ts';
import { mysqlObjection } from '../../src/sql/mysql-rules.ts';
import { parseSpider } from '../../src/sql/spider/parser.ts';
import { readSpiderSchema } from '../../src/sql/spider/schema.ts';
import { spiderTokens } from '../../src/sql/spider/tokens.ts';
import { splitStatements } from '../../src/sql/split.ts';

const MYSQL = lexisOf('mysql');
/** All that looks at a predicted text in our own code. */
const RULES: Readonly<Record<string, (text: string) => unknown>> = {
  cleanUp,
  looksLike: (text) => looksLike(text, true),
  refusal,
  changesByItself,
  orderMatters: (text) => orderMatters(text, 'strict'),
  textToRun: (text) => textToRun(text, 'spider', 'predicted'),
  exactMatchString: (text) => exactMatchString(text, 'SELECT 1'),
  jaccard: (text) => jaccard(text, 'SELECT 1'),
  tokenScores: (text) => tokenScores(text, 'SELECT 1', lexisOf('postgres')),
  spiderTokens,
  mysqlObjection: (text) => splitStatements(text, MYSQL).map(({ tokens }) => mysqlObjection(tokens, { flavour: 'mysql8', modes: [] })),
};

const CHARACTERS = 262_144;
/** Each takes a tenth of a second; a pattern that divides blanks in every way takes hours. */
const LIMIT_MS = 10_000;

const within = (work: () => unknown): unknown => runInNewContext('work()', { work }, { timeout: LIMIT_MS });

for (const [name, rule] of Object.entries(RULES))
  test(`${name}: no text, whatever it repeats, takes more than its length`, () => {
    for (const unit of [
      ' ',
      `\n${' '.repeat(65_535)}`,
      '\n',
      ';\n',
      '\n \r\n',
      '(',
      '. ',
      '`',
      "'",
      '$',
      '/*',
      '```',
      'or ',
      '1',
      ':',
      'é',
      '\ud800',
    ]) {
      const text = `The answer.${unit.repeat(CHARACTERS / unit.length)}x!`;
      assert.doesNotThrow(() => within(() => rule(text)), JSON.stringify(unit));
    }
  });

test('code of any number of backticks is fenced', () => {
  assert.match(markdownCode('` '.repeat(CHARACTERS)), /^`` ` ` /);
  assert.match(markdownBlock('` '.repeat(CHARACTERS)), /^```\n` ` /);
});

test('many statements with unknown names are read once, not once for each', () => {
  const engine = openSqlite();
  assert.deepEqual((within(() => engine.judge('select a;'.repeat(10_000))) as { statements: number }).statements, 10_000);
  engine.close();
});

test('Spider’s grammar reads no text longer than any query, and many aliases cost what few do', () => {
  const schema = readSpiderSchema({
    db_id: 'x',
    table_names_original: ['t'],
    column_names_original: [
      [-1, '*'],
      [0, 'a'],
    ],
    foreign_keys: [],
  });
  const text = (values: number, aliases: number): string =>
    `select a from t where ${'a = a and '.repeat(values)} a = 1 limit 1 ${Array.from({ length: aliases }, (_, i) => `as b${i}`).join(' ')}`;
  assert.ok('kind' in parseSpider(text(2, 2), schema));
  within(() => parseSpider(text(2_000, 4_000), schema));
  within(() => parseSpider(`select a from t where a = ${'1'.repeat(60_000)}x`, schema));
  assert.deepEqual(
    within(() => parseSpider(text(20_000, 20_000), schema)),
    { unreadable: 'longer than 65536 characters' },
  );
});
