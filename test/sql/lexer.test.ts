import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIALECTS, lexisOf } from '../../src/sql/dialect.ts';
import { lex } from '../../src/sql/lexer.ts';
import { normalForm } from '../../src/sql/normalise.ts';
import { splitStatements } from '../../src/sql/split.ts';

const sources = (text: string, dialect: Parameters<typeof lexisOf>[0], modes: Parameters<typeof lexisOf>[1] = []): string[] =>
  lex(text, lexisOf(dialect, modes)).map(({ kind, source }) => `${kind}:${source}`);

test('texts: doubled quotes everywhere, backslashes in MySQL and BigQuery, E and dollar quotes in PostgreSQL', () => {
  assert.deepEqual(sources("'it''s'", 'sqlite'), ["text:'it''s'"]);
  assert.deepEqual(sources("'a\\'b'", 'mysql'), ["text:'a\\'b'"]);
  assert.deepEqual(sources("'a\\' b", 'sqlite'), ["text:'a\\'", 'word:b']);
  assert.deepEqual(sources("'a\\' b", 'mysql', ['NO_BACKSLASH_ESCAPES']), ["text:'a\\'", 'word:b']);
  assert.deepEqual(sources("E'a\\'b' $x$ ' $x$ $$;$$", 'postgres'), ["text:E'a\\'b'", "text:$x$ ' $x$", 'text:$$;$$']);
});

test('quotes that name: double quotes except in MySQL, backticks, brackets by dialect', () => {
  assert.deepEqual(sources('"a" `b` [c]', 'sqlite'), ['name:"a"', 'name:`b`', 'name:[c]']);
  assert.deepEqual(sources('"a"', 'mysql'), ['text:"a"']);
  assert.deepEqual(sources('"a"', 'mysql', ['ANSI_QUOTES']), ['name:"a"']);
  assert.deepEqual(sources('x[1]', 'postgres'), ['word:x', 'operator:[', 'number:1', 'operator:]']);
});

test('operators are read longest first; words hold letters of any script', () => {
  assert.deepEqual(sources('a<=b<>c||d::e->>f', 'postgres'), [
    'word:a',
    'operator:<=',
    'word:b',
    'operator:<>',
    'word:c',
    'operator:||',
    'word:d',
    'operator:::',
    'word:e',
    'operator:->>',
    'word:f',
  ]);
  assert.deepEqual(sources('straße Größe_2 列', 'sqlite'), ['word:straße', 'word:Größe_2', 'word:列']);
  assert.deepEqual(sources('1.5e3 .5 0xFF 2nd', 'mysql'), ['number:1.5e3', 'number:.5', 'number:0xFF', 'word:2nd']);
  assert.deepEqual(sources('? :id @v $1', 'sqlite'), ['parameter:?', 'parameter::id', 'parameter:@v', 'parameter:$1']);
});

test('comments vanish by dialect; an unclosed quote or comment runs to the end', () => {
  assert.deepEqual(sources('a -- b\n/* c */ d', 'sqlite'), ['word:a', 'word:d']);
  assert.deepEqual(sources('a --1', 'mysql'), ['word:a', 'operator:-', 'operator:-', 'number:1']);
  assert.deepEqual(sources('a # b', 'mysql'), ['word:a']);
  assert.deepEqual(sources('/* /* */ */ a', 'postgres'), ['word:a']);
  assert.deepEqual(sources("a 'open ; x", 'sqlite'), ['word:a', "text:'open ; x"]);
  assert.deepEqual(sources('a /* open', 'sqlite'), ['word:a']);
});

test('no text makes the lexer throw, and its tokens lie in order within the text', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const alphabet = [
    'a',
    'B',
    '_',
    '1',
    '.',
    "'",
    '"',
    '`',
    '[',
    ']',
    '$',
    '\\',
    ';',
    '(',
    ')',
    '-',
    '-',
    '/',
    '*',
    '#',
    '\n',
    ' ',
    '\0',
    '\ud800',
    '😀',
    '\u2028',
    '，',
    ':',
    '?',
    '@',
    'é',
  ];
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: random(30) }, () => alphabet[random(alphabet.length)]).join('');
    for (const dialect of DIALECTS) {
      let end = 0;
      for (const token of lex(text, lexisOf(dialect))) {
        assert.ok(token.start >= end && token.end > token.start && token.end <= text.length, JSON.stringify([dialect, text, token]));
        assert.equal(token.source, text.slice(token.start, token.end));
        end = token.end;
      }
    }
  }
});

test('normal form: words in lower case, the rest as written, no comment, no closing semicolon', () => {
  const lexis = lexisOf('sqlite');
  assert.equal(normalForm("SELECT  Name,x -- c\nFROM T WHERE a='Bonn' ;; ", lexis), "select name , x from t where a = 'Bonn'");
  assert.notEqual(normalForm('a != 1', lexis), normalForm('a <> 1', lexis));
  assert.notEqual(normalForm("a = 'x'", lexis), normalForm('a = "x"', lexis));
});

test('statements are cut at top-level semicolons, not inside texts, parentheses’ texts or a trigger’s body', () => {
  const cut = (text: string): string[] => splitStatements(text, lexisOf('sqlite')).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(cut("select ';' ; ; select 2 -- ;\n;"), ["select ';'", 'select 2']);
  assert.deepEqual(cut('create trigger t after insert on x begin select 1; select case 1 when 1 then 2 end; end; select 3'), [
    'create trigger t after insert on x begin select 1; select case 1 when 1 then 2 end; end',
    'select 3',
  ]);
  assert.deepEqual(cut(' -- nothing\n;;'), []);
});
