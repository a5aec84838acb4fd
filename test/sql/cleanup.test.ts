import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanUp, looksLike } from '../../src/sql/cleanup.ts';

test('fences, prose and Markdown escapes are taken away, the statement stays', () => {
  assert.deepEqual(cleanUp('```sql\nSELECT 1\n```'), { text: 'SELECT 1', taken: ['fence'] });
  assert.deepEqual(cleanUp('Here is the query:\n```\nSELECT 1;\n```\nIt counts.'), { text: 'SELECT 1;', taken: ['fence'] });
  assert.deepEqual(cleanUp('Sure! The query is:\n\nSELECT a FROM t;\n\nThis selects a.'), { text: 'SELECT a FROM t;', taken: ['prose'] });
  assert.deepEqual(cleanUp('SELECT user\\_id, count(\\*) FROM t'), { text: 'SELECT user_id, count(*) FROM t', taken: ['escape'] });
  assert.deepEqual(cleanUp('SELECT a FROM t'), { text: 'SELECT a FROM t', taken: [] });
  assert.deepEqual(cleanUp('-- a note\nSELECT 1'), { text: '-- a note\nSELECT 1', taken: [] });
});

test('what an invalid text looks like', () => {
  assert.equal(looksLike('```sql\nSELECT 1\n```', false), 'fence');
  assert.equal(looksLike('The answer is 5.', false), 'prose');
  assert.equal(looksLike('SELECT user\\_id FROM t', false), 'escape');
  assert.equal(looksLike('SELECT a FROM t WHERE b ⁇ 3', false), 'unknown-token');
  assert.equal(looksLike('SELECT a FROM t WHERE age 30', false), 'unknown-token');
  assert.equal(looksLike(`SELECT a FROM t WHERE ${'b = 1 AND '.repeat(30)}`, true), 'repeated');
  assert.equal(looksLike('SELECT a FROM', true), 'truncated');
  assert.equal(looksLike('SELECT a FROM t GROUP ORDER', false), undefined);
  assert.equal(looksLike('', false), undefined);
});
