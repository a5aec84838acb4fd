import type { Token } from './lexer.ts';
import {
  CAST_TYPES,
  FOLLOWING_WORDS,
  FUNCTION_WORDS,
  type MysqlRules,
  NO_BLANK_FUNCTIONS,
  OPERAND_WORDS,
  RESERVED,
} from './mysql-words.ts';
import type { InvalidCode } from './verdict.ts';

/** What MySQL's grammar refuses although a lenient parser takes it. */
export interface Objection {
  readonly code: InvalidCode;
  readonly message: string;
  readonly offset: number;
}

/** `query`: reads or changes rows, all rules apply. `server`: DDL and administration. `unknown`: no statement of MySQL begins so. */
export function statementKind(tokens: readonly Token[]): 'query' | 'server' | 'unknown' {
  const first = tokens[0]?.kind === 'word' || tokens[0]?.source === '(' ? tokens[0].source.toLowerCase() : '';
  return LEADS_QUERY.has(first) ? 'query' : LEADS_SERVER.has(first) ? 'server' : 'unknown';
}

const LEADS_QUERY: ReadonlySet<string> = new Set(['select', 'with', 'insert', 'update', 'delete', 'replace', 'values', 'table', '(']);
const LEADS_SERVER: ReadonlySet<string> = new Set(
  `alter analyze backup begin binlog cache call change check checksum clone commit create deallocate delimiter desc describe do drop execute
  explain flush get grant handler help import install kill load lock optimize prepare purge release rename repair reset resignal restart
  revoke rollback savepoint set show shutdown signal start stop truncate uninstall unlock use xa`.split(/\s+/),
);

type Clause = 'list' | 'from' | 'names' | 'other';

/** The stretch between a parenthesis and its end, or the statement itself. */
interface Level {
  clause: Clause;
  /** The word before the parenthesis, lower case; the function called, if it is a call. */
  readonly opener: string;
  readonly table: boolean;
  query: boolean;
  /** Names in a row since the last comma, JOIN or clause of a FROM: table and alias. */
  names: number;
}

const CLAUSE_OF = new Map<string, Clause>([
  ['select', 'list'],
  ['from', 'from'],
  ['join', 'from'],
  ['straight_join', 'from'],
  ['using', 'names'],
  ...[
    'on',
    'where',
    'having',
    'group',
    'order',
    'limit',
    'union',
    'intersect',
    'except',
    'set',
    'values',
    'window',
    'partition',
    'for',
  ].map((word): [string, Clause] => [word, 'other']),
]);

const set = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** Words after which an operand, a name or a table must come. */
const AWAITING =
  set(`select distinct distinctrow from join straight_join where and or xor having on by when then else like rlike regexp between
  div mod limit as`);
const AWAITING_OPERATORS = set('( , + - / % = < > <= >= <> != <=> || && | & ^ << >> :=');

/** Reserved words that may follow although an operand is awaited, by what comes before. */
const ALLOWED_AFTER: Readonly<Record<string, ReadonlySet<string>>> = {
  select: set('distinct distinctrow all straight_join high_priority sql_small_result sql_big_result sql_calc_found_rows'),
  distinct: set('select straight_join high_priority sql_small_result sql_big_result sql_calc_found_rows'),
  from: set('lateral json_table dual'),
  join: set('lateral json_table'),
  '(': set(`select with values table partition order rows range groups distinct distinctrow all primary both leading trailing
    day_hour day_microsecond day_minute day_second hour_microsecond hour_minute hour_second minute_microsecond minute_second
    second_microsecond year_month set on`),
  ',': set('primary lateral json_table'),
  and: set('between'),
};

const NOTHING: ReadonlySet<string> = new Set();

/**
 * The first thing in one query that MySQL (or MariaDB) refuses and a lenient parser lets pass. The rules look at neighbouring
 * tokens and at the clause they stand in: reserved words bare as names, texts as tables, a blank before a built-in's
 * parenthesis, derived tables without alias, operators of other dialects, dangling qualifiers, types CAST does not know.
 */
export function mysqlObjection(tokens: readonly Token[], rules: MysqlRules): Objection | undefined {
  return new Reader(tokens, rules).read();
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #words: readonly string[];
  readonly #rules: MysqlRules;
  readonly #levels: Level[] = [{ clause: 'other', opener: '', table: false, query: false, names: 0 }];
  /** A value, name or table has just ended. */
  #operand = false;

  constructor(tokens: readonly Token[], rules: MysqlRules) {
    this.#tokens = tokens;
    this.#words = tokens.map(({ kind, source }) => (kind === 'word' ? source.toLowerCase() : kind === 'operator' ? source : ''));
    this.#rules = rules;
  }

  read(): Objection | undefined {
    for (let i = 0; i < this.#tokens.length; i++) {
      const kind = this.#tokens[i]!.kind;
      const found = kind === 'operator' ? this.#operator(i) : kind === 'word' ? this.#word(i) : this.#value(i);
      if (found) return found;
    }
    return this.#dangles(this.#tokens.length - 1)
      ? this.#object(this.#tokens.length - 1, 'incomplete', 'The statement ends where a value is expected.', this.#tokens.at(-1)!.end)
      : undefined;
  }

  /** Does the token want something behind it? */
  #dangles(i: number): boolean {
    if (this.#operand || i < 0) return false;
    const word = this.#words[i]!;
    return DANGLING.has(word) && this.#words[i - 1] !== '.';
  }

  #operator(i: number): Objection | undefined {
    const sign = this.#words[i]!;
    const level = this.#levels.at(-1)!;
    switch (sign) {
      case '(':
        return this.#open(i);
      case ')':
        return this.#close(i);
      case '.':
        return this.#dot(i);
      case '*':
        return this.#star(i, level);
      case ',':
        level.names = 0;
        this.#operand = false;
        return undefined;
      case '::':
      case '==':
        return this.#object(i, 'syntax', `The operator ${sign} belongs to another dialect.`);
      case '->':
      case '->>':
        if (this.#rules.flavour === 'mariadb') return this.#object(i, 'syntax', `MariaDB has no operator ${sign}.`);
    }
    this.#operand = false;
    return undefined;
  }

  #open(i: number): Objection | undefined {
    const level = this.#levels.at(-1)!;
    const before = this.#tokens[i - 1];
    const opener = this.#words[i - 1] ?? '';
    const table = level.clause === 'from' && !this.#operand;
    const called = before?.kind === 'word' && this.#words[i - 2] !== '.';
    this.#levels.push({ clause: table ? 'from' : 'other', opener: called ? opener : '', table, query: false, names: 0 });
    this.#operand = false;
    if (called && this.#words[i + 1] === ')' && NEVER_EMPTY.has(opener))
      return this.#object(i, 'syntax', `${before.source} needs an argument.`, before.start);
    if (called && before.end < this.#tokens[i]!.start && NO_BLANK_FUNCTIONS.has(opener) && !this.#rules.modes.includes('IGNORE_SPACE')) {
      if (this.#needsBuiltIn(i))
        return this.#object(
          i - 1,
          'syntax',
          `A blank between ${before.source} and its parenthesis makes it an unknown function (without IGNORE_SPACE).`,
        );
    }
    return undefined;
  }

  /** Does the call whose parenthesis opens at `i` hold what only a built-in may: `*`, DISTINCT, AS, FROM, ORDER BY, OVER behind it? */
  #needsBuiltIn(i: number): boolean {
    const first = this.#words[i + 1] ?? '';
    if (first === '*' || first === 'distinct' || first === 'all' || first === 'both' || first === 'leading' || first === 'trailing')
      return true;
    let depth = 1;
    let at = i + 1;
    for (; at < this.#tokens.length && depth > 0; at++) {
      const word = this.#words[at]!;
      if (word === '(') depth++;
      else if (word === ')') depth--;
      else if (depth === 1 && (word === 'as' || word === 'from' || word === 'order' || word === 'separator' || word === 'for')) return true;
    }
    return this.#words[at] === 'over';
  }

  #close(i: number): Objection | undefined {
    const level = this.#levels.length > 1 ? this.#levels.pop()! : this.#levels[0]!;
    const outer = this.#levels.at(-1)!;
    if (this.#dangles(i - 1)) return this.#object(i, 'syntax', `A value is expected after ${this.#tokens[i - 1]!.source}.`);
    this.#operand = true;
    if (outer.clause === 'from') outer.names = level.table ? 1 : outer.names;
    if (level.table && level.query) {
      const after = this.#tokens[i + 1];
      const word = this.#words[i + 1] ?? '';
      const named =
        after !== undefined &&
        (after.kind === 'name' || word === 'as' || (after.kind === 'word' && !RESERVED[this.#rules.flavour].has(word)));
      const doubled = word === ')' && outer.table;
      if (!named && !doubled && !SET_OPERATORS.has(word))
        return this.#object(i, 'syntax', 'A derived table needs an alias.', this.#tokens[i]!.end);
    }
    return undefined;
  }

  /** A wildcard where an operand is awaited, else the product. */
  #star(i: number, level: Level): Objection | undefined {
    const before = this.#words[i - 1];
    if (before === ',' && level.clause === 'list')
      return this.#object(i, 'syntax', 'A bare * may only come first in the select list; MySQL wants a table before it.');
    this.#operand = before === '.' || !this.#operand;
    return undefined;
  }

  #dot(i: number): Objection | undefined {
    const before = this.#tokens[i - 1];
    const after = this.#tokens[i + 1];
    if (before?.kind === 'text' || after?.kind === 'text') {
      return this.#object(
        before?.kind === 'text' ? i - 1 : i + 1,
        'syntax',
        'A quoted text cannot be part of a name; MySQL quotes names with backticks.',
      );
    }
    if (after?.kind === 'word' && after.start > this.#tokens[i]!.end && this.#reserved(this.#words[i + 1]!))
      return this.#object(i, 'syntax', 'A qualifier without a name behind it.');
    return undefined;
  }

  #value(i: number): Objection | undefined {
    const { kind } = this.#tokens[i]!;
    const level = this.#levels.at(-1)!;
    if (level.clause === 'from') {
      if (kind === 'text') return this.#object(i, 'syntax', 'A quoted text cannot name a table; MySQL quotes names with backticks.');
      if (kind === 'name' && this.#words[i - 1] !== '.') level.names++;
    }
    if (kind === 'text' && level.clause === 'names') return this.#object(i, 'syntax', 'A quoted text cannot name a column.');
    this.#operand = true;
    return undefined;
  }

  #word(i: number): Objection | undefined {
    const word = this.#words[i]!;
    const before = this.#words[i - 1] ?? '';
    const level = this.#levels.at(-1)!;
    if (before === '.') {
      this.#operand = true;
      return undefined;
    }
    if (this.#levels.some(({ opener }) => opener === 'json_table')) return undefined;
    if (before === 'as' && level.opener === 'cast') return this.#castType(i);
    if (!this.#reserved(word)) return this.#plainName(i, level);
    const called = this.#words[i + 1] === '(';
    const found = this.#misplaced(i, word, before, called, level);
    if (found) return found;
    const clause = CLAUSE_OF.get(word);
    // EXTRACT(… FROM …), TRIM(… FROM …): no clause begins.
    const inCall = word === 'from' && level.opener !== '' && !level.query;
    if (clause && !inCall && !(called && !this.#operand && FUNCTION_WORDS.has(word))) {
      level.clause = clause;
      level.names = 0;
    }
    if (word === 'select' || word === 'values') level.query = true;
    if (word === 'select' && this.#words[i + 1] === 'top' && this.#tokens[i + 2]?.kind === 'number')
      return this.#object(i + 1, 'syntax', 'TOP belongs to another dialect; MySQL has LIMIT.');
    this.#operand = VALUE_WORDS.has(word);
    return undefined;
  }

  #plainName(i: number, level: Level): Objection | undefined {
    const word = this.#words[i]!;
    if (word === 'ilike' && this.#operand) return this.#object(i, 'syntax', 'ILIKE belongs to another dialect.');
    if (level.clause === 'from') {
      level.names++;
      if (level.names > 2 && word === 'full') return this.#object(i, 'syntax', 'MySQL has no FULL JOIN.');
    }
    this.#operand = true;
    return undefined;
  }

  #misplaced(i: number, word: string, before: string, called: boolean, level: Level): Objection | undefined {
    if (this.#operand) return FOLLOWING_WORDS.has(word) || level.clause === 'names' ? undefined : this.#reservedObjection(i);
    const previous = this.#tokens[i - 1];
    const awaited = previous?.kind === 'operator' ? AWAITING_OPERATORS.has(before) || before === '*' : AWAITING.has(before);
    if (!awaited) return undefined;
    if (OPERAND_WORDS.has(word) && before !== 'as') return undefined;
    if (called && FUNCTION_WORDS.has(word) && before !== 'as') return undefined;
    if ((ALLOWED_AFTER[before] ?? NOTHING).has(word)) return undefined;
    if (level.opener === 'convert' && before === ',') return this.#castType(i);
    return this.#reservedObjection(i);
  }

  #castType(i: number): Objection | undefined {
    const word = this.#words[i]!;
    this.#operand = true;
    if (CAST_TYPES[this.#rules.flavour].has(word)) return undefined;
    return this.#object(
      i,
      'syntax',
      `${this.#tokens[i]!.source} is no type CAST accepts in ${this.#rules.flavour === 'mysql8' ? 'MySQL 8' : 'MariaDB'}.`,
    );
  }

  #reserved(word: string): boolean {
    return RESERVED[this.#rules.flavour].has(word);
  }

  #reservedObjection(i: number): Objection {
    return this.#object(i, 'reserved-word', `The reserved word ${this.#tokens[i]!.source} stands where a name or value is expected.`);
  }

  #object(i: number, code: InvalidCode, message: string, offset = this.#tokens[i]!.start): Objection {
    return { code, message, offset };
  }
}

const SET_OPERATORS = set('union intersect except');
/** Reserved words that are values themselves. */
const DANGLING = set(
  'select from join where and or xor not having on by when then else like rlike regexp between div mod limit as in is case exists interval , + - / = < > <= >= <> != <=> ||',
);
/** Built-ins of the grammar that take at least one argument. */
const NEVER_EMPTY = set('count sum avg max min std stddev group_concat cast extract substring substr trim position bit_and bit_or bit_xor');
const VALUE_WORDS =
  set(`null true false current_date current_time current_timestamp current_user current_role localtime localtimestamp utc_date
  utc_time utc_timestamp default dual maxvalue`);
