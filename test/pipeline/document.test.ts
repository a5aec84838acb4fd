import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemLine } from '../../src/kernel/errors.ts';
import { DOCUMENT_BYTES_MAX, readJson, readYaml } from '../../src/pipeline/document.ts';
import { parsePath, pathText } from '../../src/pipeline/path.ts';

const problems = (text: string) => {
  const read = readYaml(text, 'p.yaml');
  return read.kind === 'bad' ? read.problems.map((problem) => problemLine(problem).trim()) : [];
};
const value = (text: string) => {
  const read = readYaml(text, 'p.yaml');
  assert.equal(read.kind, 'read', JSON.stringify(read));
  return read.kind === 'read' ? read.tree.value : undefined;
};

test('YAML 1.2 core: yes and no are text, true and 3 are not, dates are text', () => {
  assert.deepEqual(value('a: yes\nb: true\nc: 3\nd: 0x10\ne: 2026-11-21\nf: 1e3\ng: 012\nh: No'), {
    a: 'yes',
    b: true,
    c: 3,
    d: 16,
    e: '2026-11-21',
    f: 1000,
    g: 12,
    h: 'No',
  });
});

test('a value knows the line and column of its key, and an item of a list its own', () => {
  const read = readYaml('a: 1\nb:\n  c: x\n  d: [1, 2]\n', 'p.yaml');
  assert.ok(read.kind === 'read');
  assert.deepEqual(read.tree.places.get('b.c'), { origin: 'file', file: 'p.yaml', line: 3, column: 3 });
  assert.deepEqual(read.tree.places.get('b.d.1'), { origin: 'file', file: 'p.yaml', line: 4, column: 10 });
});

test('keys that look like numbers or booleans are text, as written', () => {
  assert.deepEqual(value('2020: a\ntrue: b\n0x1: c'), { '2020': 'a', true: 'b', '0x1': 'c' });
});

test('an alias repeats its anchor', () => {
  assert.deepEqual(value('a: &x { k: 1 }\nb: *x'), { a: { k: 1 }, b: { k: 1 } });
});

test('a byte-order mark is no part of the first key', () => {
  assert.deepEqual(value('\uFEFFa: 1'), { a: 1 });
});

test('a key that stands twice is named with both places', () => {
  assert.deepEqual(problems('a:\n  b: 1\n  c: 2\n  b: 3\n'), [
    'p.yaml:4:3: a.b: this key stands twice; first in line 2; keep one of them.',
  ]);
});

test('what cannot be read says where and why', () => {
  assert.deepEqual(problems(''), ['p.yaml:1:1: expected a mapping of keys, found nothing: it is empty.']);
  assert.deepEqual(problems('# only a remark\n'), ['p.yaml:1:1: expected a mapping of keys, found nothing: it is empty.']);
  assert.match(problems('- a\n- b')[0]!, /^p\.yaml:1:1: expected a mapping of keys/);
  assert.match(problems('just text')[0]!, /expected a mapping of keys/);
  assert.match(problems('a: [1, 2\nb: 3')[0]!, /^p\.yaml:2:1: not YAML: /);
  assert.match(problems('a: 1\n\tb: 2')[0]!, /^p\.yaml:2:1: not YAML: /);
  assert.match(problems('a: 1\n---\nb: 2')[0]!, /not YAML: .*document/i);
  assert.match(problems('a: .nan')[0]!, /^p\.yaml:1:4: a: expected a finite number, found NaN/);
  assert.match(problems('a: 1e999')[0]!, /expected a finite number/);
  assert.match(problems('a: !!binary aGk=')[0]!, /not YAML|expected text/);
  assert.match(problems('a: !mine x')[0]!, /not YAML: unresolved tag/);
  assert.match(problems('a: *nobody')[0]!, /nobody/);
  assert.match(problems('{a: 1}: 2')[0]!, /expected a key that is text/);
  assert.match(problems('__proto__: { a: 1 }')[0]!, /this key is not allowed/);
  assert.match(problems('a: &x { k: 1 }\nb:\n  <<: *x')[0]!, /^p\.yaml:3:3: b\.<<: YAML 1\.2 has no merge keys/);
  assert.match(problems('a: \0')[0]!, /expected UTF-8/);
  assert.match(problems('a: caf\uFFFD')[0]!, /^p\.yaml:1: expected UTF-8/);
});

test('a file of more than its bound is refused unread', () => {
  assert.match(problems(`a: ${'x'.repeat(DOCUMENT_BYTES_MAX)}`)[0]!, /expected at most 1048576 bytes/);
});

test('aliases that expand without bound, or into themselves, are refused in time', () => {
  const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
  assert.match(problems(['l0: &l0 [x]', ...levels].join('\n'))[0]!, /at most 100000 values/);
  assert.match(problems('a: &a [1, *a]')[0]!, /inside its own anchor/);
  assert.match(problems(`a: ${'['.repeat(200)}${']'.repeat(200)}`)[0]!, /at most 100 levels/);
});

test('overrides are JSON, not YAML', () => {
  const read = readJson('{\t"train": {"trials": 3}}', 'overrides');
  assert.ok(read.kind === 'read');
  assert.deepEqual(read.tree.value, { train: { trials: 3 } });
  assert.equal(read.tree.places.get('train.trials')?.origin, 'override');
  for (const text of ['train: {trials: 3}', "{'a': 1}", '[1]', '3', '{"a": 1, "a": 2}'])
    assert.equal(readJson(text, 'overrides').kind, 'bad', text);
});

test('a dotted path is read as it is written', () => {
  for (const path of [['a'], ['validate-data', 'rules', 'a.b', 'min'], ['a', 'b c', 'd"e'], ['a', '=']]) {
    assert.deepEqual(parsePath(pathText(path)), path);
  }
  assert.deepEqual(parsePath("a.'b.c'.d"), ['a', 'b.c', 'd']);
  for (const text of ['', '.', 'a.', '.a', 'a..b', 'a b', 'a."b']) assert.equal(parsePath(text), undefined, text);
});
