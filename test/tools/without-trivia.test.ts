import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutTrivia } from '../../tools/bundle/without-trivia.ts';

test('comments and indentation go; texts, patterns, templates and the ends of lines stay', () => {
  const program = [
    '/* a licence */',
    "const a = '// no comment'; // one",
    'const b = /\\/\\*[/*]/g;',
    'const c = `x /* stays */',
    '   ${a /* goes */}  // stays`;',
    'const d = () => {',
    '    return /* goes',
    '    */ 1',
    '}',
    'const e = a',
    '/** documented */',
    ';[1].forEach(String)',
  ].join('\n');
  const short = withoutTrivia(program);
  assert.equal(
    short,
    "const a = '// no comment';\nconst b = /\\/\\*[/*]/g;\nconst c = `x /* stays */\n   ${a }  // stays`;\nconst d = () => {\nreturn\n1\n}\nconst e = a\n;[1].forEach(String)\n",
  );
  const value = (text: string): unknown => new Function(`${text}; return [a, String(b), c, d(), e];`)();
  assert.deepEqual(value(short), value(program));
});
