import { BadInput } from '../bad-input.ts';

/** A parsed expression. `at` is the 0-based position in the text. */
export type Node =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'text'; readonly value: string; readonly at: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: number }
  | { readonly kind: 'column'; readonly name: string; readonly at: number }
  | { readonly kind: 'unary'; readonly op: '-' | 'not'; readonly of: Node; readonly at: number }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: Node; readonly right: Node; readonly at: number }
  | { readonly kind: 'in'; readonly of: Node; readonly list: readonly Node[]; readonly negated: boolean; readonly at: number }
  | { readonly kind: 'missing'; readonly of: Node; readonly negated: boolean; readonly at: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[]; readonly at: number };

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%';
export type CompareOp = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type BinaryOp = ArithmeticOp | CompareOp | 'and' | 'or';

/** An expression that cannot be used: says where in it and why. */
export function badExpression(source: string, at: number, message: string, todo?: string): BadInput {
  return new BadInput('bad-expression', `Expression ${JSON.stringify(source)}, position ${at + 1}: ${message}`, {}, todo);
}

interface Token {
  readonly kind: 'number' | 'text' | 'column' | 'word' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

const LENGTH_MAX = 10_000;
const DEPTH_MAX = 100;
const WORDS = new Set(['and', 'or', 'not', 'in', 'is', 'missing', 'true', 'false']);
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const SIGN = /==|!=|<>|<=|>=|[-+*/%()=<>,]/y;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const char = source[at]!;
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    if (char === "'" || char === '"' || char === '`') {
      const { text, end } = quoted(source, at);
      tokens.push({ kind: char === "'" ? 'text' : 'column', text, at });
      at = end;
      continue;
    }
    const number = take(NUMBER);
    const word = number === undefined ? take(WORD) : undefined;
    const sign = number === undefined && word === undefined ? take(SIGN) : undefined;
    const text = number ?? word ?? sign;
    if (text === undefined) throw badExpression(source, at, `unexpected ${JSON.stringify(char)}.`);
    tokens.push({ kind: number !== undefined ? 'number' : word !== undefined ? 'word' : 'sign', text, at });
    at += text.length;
  }
  tokens.push({ kind: 'end', text: '', at: source.length });
  return tokens;
}

/** From a quote to its partner; the quote itself is written twice inside. */
function quoted(source: string, at: number): { readonly text: string; readonly end: number } {
  const quote = source[at]!;
  let text = '';
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] !== quote) text += source[i];
    else if (source[i + 1] === quote) {
      text += quote;
      i++;
    } else return { text, end: i + 1 };
  }
  throw badExpression(source, at, `the quote ${quote} is never closed.`);
}

const COMPARISONS: Readonly<Record<string, CompareOp>> = Object.assign(Object.create(null), {
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
});

/**
 * Parses an expression over columns; the grammar stands in docs/preparation.md.
 * Throws `BadInput` `bad-expression` with the position of what is wrong.
 */
export function parseExpression(source: string): Node {
  if (source.length > LENGTH_MAX) throw badExpression(source.slice(0, 50), LENGTH_MAX, `longer than ${LENGTH_MAX} characters.`);
  const tokens = tokenize(source);
  let position = 0;
  let depth = 0;
  const peek = () => tokens[position]!;
  const shown = (token: Token) => (token.kind === 'end' ? 'the end' : JSON.stringify(token.text));
  const isWord = (word: string, token = peek()) => token.kind === 'word' && token.text.toLowerCase() === word;
  const isSign = (sign: string) => peek().kind === 'sign' && peek().text === sign;
  const fail = (expected: string): never => {
    throw badExpression(source, peek().at, `expected ${expected}, found ${shown(peek())}.`);
  };
  const expectSign = (sign: string) => (isSign(sign) ? position++ : fail(`"${sign}"`));
  const deeper = <T>(parse: () => T): T => {
    if (++depth > DEPTH_MAX) throw badExpression(source, peek().at, `nested deeper than ${DEPTH_MAX} levels.`);
    const result = parse();
    depth--;
    return result;
  };
  const leftToRight = (next: () => Node, op: () => BinaryOp | undefined): Node => {
    let left = next();
    for (let found = op(); found; found = op()) {
      const { at } = tokens[position++]!;
      left = { kind: 'binary', op: found, left, right: next(), at };
    }
    return left;
  };

  const expression = (): Node => deeper(() => leftToRight(conjunction, () => (isWord('or') ? 'or' : undefined)));
  const conjunction = (): Node => leftToRight(negation, () => (isWord('and') ? 'and' : undefined));
  const negation = (): Node => {
    if (!isWord('not')) return comparison();
    const { at } = tokens[position++]!;
    return { kind: 'unary', op: 'not', of: deeper(negation), at };
  };
  const comparison = (): Node => {
    const left = sum();
    const { at } = peek();
    const op = peek().kind === 'sign' ? COMPARISONS[peek().text] : undefined;
    if (op) {
      position++;
      const node: Node = { kind: 'binary', op, left, right: sum(), at };
      if (peek().kind === 'sign' && COMPARISONS[peek().text]) {
        throw badExpression(source, peek().at, 'comparisons do not chain; join them with "and".');
      }
      return node;
    }
    if (isWord('is')) {
      position++;
      const negated = isWord('not');
      if (negated) position++;
      if (!isWord('missing')) fail('"missing" after "is"');
      position++;
      return { kind: 'missing', of: left, negated, at };
    }
    const negated = isWord('not') && isWord('in', tokens[position + 1]);
    if (negated) position++;
    if (!isWord('in')) return left;
    position++;
    expectSign('(');
    const list = [literal()];
    while (isSign(',')) {
      position++;
      list.push(literal());
    }
    expectSign(')');
    return { kind: 'in', of: left, list, negated, at };
  };
  const literal = (): Node => {
    const node = unary();
    const plain = node.kind === 'unary' ? node.of : node;
    if (plain.kind !== 'number' && plain.kind !== 'text' && plain.kind !== 'boolean') {
      throw badExpression(source, node.at, "expected a number or a text in single quotes ('…') in the list.");
    }
    return node.kind === 'unary' && plain.kind === 'number' ? { kind: 'number', value: -plain.value, at: node.at } : node;
  };
  const sum = (): Node => leftToRight(product, () => (isSign('+') || isSign('-') ? (peek().text as BinaryOp) : undefined));
  const product = (): Node => leftToRight(unary, () => (isSign('*') || isSign('/') || isSign('%') ? (peek().text as BinaryOp) : undefined));
  const unary = (): Node => {
    if (!isSign('-')) return primary();
    const { at } = tokens[position++]!;
    return { kind: 'unary', op: '-', of: deeper(unary), at };
  };
  const primary = (): Node => {
    const token = peek();
    const { at, text } = token;
    if (token.kind === 'number') {
      position++;
      return { kind: 'number', value: Number(text), at };
    }
    if (token.kind === 'text') {
      position++;
      return { kind: 'text', value: text, at };
    }
    if (token.kind === 'column') {
      position++;
      return { kind: 'column', name: text, at };
    }
    if (isSign('(')) {
      position++;
      const inner = expression();
      expectSign(')');
      return inner;
    }
    if (token.kind !== 'word') return fail('a column, a number, a text in single quotes or "("');
    const word = text.toLowerCase();
    if (word === 'true' || word === 'false') {
      position++;
      return { kind: 'boolean', value: word === 'true', at };
    }
    const called = tokens[position + 1]!.kind === 'sign' && tokens[position + 1]!.text === '(';
    if (WORDS.has(word) && !called) return fail('a column, a number, a text in single quotes or "("');
    position++;
    return called ? call(text, at) : { kind: 'column', name: text, at };
  };
  const call = (name: string, at: number): Node => {
    position++;
    const args: Node[] = [];
    if (!isSign(')')) {
      args.push(expression());
      while (isSign(',')) {
        position++;
        args.push(expression());
      }
    }
    expectSign(')');
    return { kind: 'call', name: name.toLowerCase(), args, at };
  };

  if (peek().kind === 'end') throw badExpression(source, 0, 'it is empty.');
  const node = expression();
  if (peek().kind !== 'end') fail('an operator or the end');
  return node;
}

/** One spelling for equal expressions; positions do not matter. */
export function printNode(node: Node): string {
  switch (node.kind) {
    case 'number':
    case 'boolean':
      return String(node.value);
    case 'text':
      return `'${node.value.replaceAll("'", "''")}'`;
    case 'column':
      return `"${node.name.replaceAll('"', '""')}"`;
    case 'unary':
      return `(${node.op} ${printNode(node.of)})`;
    case 'binary':
      return `(${printNode(node.left)} ${node.op} ${printNode(node.right)})`;
    case 'in':
      return `(${printNode(node.of)}${node.negated ? ' not' : ''} in (${node.list.map(printNode).join(', ')}))`;
    case 'missing':
      return `(${printNode(node.of)} is ${node.negated ? 'not ' : ''}missing)`;
    case 'call':
      return `${node.name}(${node.args.map(printNode).join(', ')})`;
  }
}

export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'unary':
    case 'missing':
      return [node.of];
    case 'in':
      return [node.of, ...node.list];
    case 'binary':
      return [node.left, node.right];
    case 'call':
      return node.args;
    default:
      return [];
  }
}

/** Names of all columns an expression reads, each once. */
export function columnsOf(node: Node, into: Set<string> = new Set()): Set<string> {
  if (node.kind === 'column') into.add(node.name);
  for (const child of childrenOf(node)) columnsOf(child, into);
  return into;
}

/** Replaces columns that are names of other expressions by those expressions. */
export function substitute(node: Node, replacement: (name: string, at: number) => Node | undefined): Node {
  switch (node.kind) {
    case 'column':
      return replacement(node.name, node.at) ?? node;
    case 'unary':
      return { ...node, of: substitute(node.of, replacement) };
    case 'missing':
      return { ...node, of: substitute(node.of, replacement) };
    case 'in':
      return { ...node, of: substitute(node.of, replacement) };
    case 'binary':
      return { ...node, left: substitute(node.left, replacement), right: substitute(node.right, replacement) };
    case 'call':
      return { ...node, args: node.args.map((arg) => substitute(arg, replacement)) };
    default:
      return node;
  }
}
