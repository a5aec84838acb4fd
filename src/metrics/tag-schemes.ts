import { BadInput } from '../tables/bad-input.ts';

/** A stretch of tokens of one type; `end` is exclusive. */
export interface Entity {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

export const SCHEMES = ['IOB1', 'IOB2', 'IOE1', 'IOE2', 'IOBES', 'BILOU'] as const;
export type Scheme = (typeof SCHEMES)[number];

interface Tag {
  readonly prefix: string;
  readonly type: string;
}
type Step = (before: Tag, now: Tag, sameType: boolean) => boolean;

/** How entities begin, go on, and are complete when they no longer go on: per scheme, from the tag before and the tag now. */
interface Grammar {
  readonly prefixes: string;
  readonly begins: Step;
  readonly goesOn: Step;
  readonly complete: Step;
}

const within =
  (opening: string, following: string): Step =>
  (before, now, same) =>
    same && opening.includes(before.prefix) && following.includes(now.prefix);

const GRAMMARS: Readonly<Record<Scheme, Grammar>> = {
  IOB1: {
    prefixes: 'IOB',
    begins: (before, now, same) =>
      now.prefix === 'I' ? before.prefix !== 'I' || !same : now.prefix === 'B' && same && 'IB'.includes(before.prefix),
    goesOn: within('BI', 'I'),
    complete: (before, now, same) => before.prefix === 'I' || now.prefix !== 'B' || same,
  },
  IOB2: {
    prefixes: 'IOB',
    begins: (_, now) => now.prefix === 'B',
    goesOn: within('BI', 'I'),
    complete: () => true,
  },
  IOE1: {
    prefixes: 'IOE',
    begins: (before, now, same) =>
      now.prefix === 'I' ? before.prefix !== 'I' || !same : now.prefix === 'E' && same && before.prefix === 'E',
    goesOn: within('I', 'IE'),
    complete: (before, now, same) => before.prefix === 'I' || (same && 'IE'.includes(now.prefix)),
  },
  IOE2: {
    prefixes: 'IOE',
    begins: (before, now, same) => now.prefix !== 'O' && (before.prefix !== 'I' || !same),
    goesOn: within('I', 'IE'),
    complete: (before) => before.prefix === 'E',
  },
  IOBES: {
    prefixes: 'IOBES',
    begins: (_, now) => 'BS'.includes(now.prefix),
    goesOn: within('BI', 'IE'),
    complete: (before) => 'SE'.includes(before.prefix),
  },
  BILOU: {
    prefixes: 'BILOU',
    begins: (_, now) => 'BU'.includes(now.prefix),
    goesOn: within('BI', 'IL'),
    complete: (before) => 'UL'.includes(before.prefix),
  },
};

/**
 * Entities of one sentence by the letter of a scheme, as seqeval's strict mode: sequences the scheme does not allow yield none.
 * A prefix outside the scheme is a `BadInput` with the token's place.
 */
export function strictEntities(tags: readonly string[], scheme: Scheme, sentence = 0): Entity[] {
  const grammar = GRAMMARS[scheme];
  const parsed = tags.map((tag, at) => parseStrict(tag, grammar.prefixes, scheme, sentence, at));
  const outside: Tag = { prefix: 'O', type: '_' };
  const at = (i: number): Tag => parsed[i] ?? outside;
  const step = (rule: Step, i: number): boolean => rule(at(i - 1), at(i), at(i - 1).type === at(i).type);
  const found: Entity[] = [];
  for (let i = 0; i < parsed.length; ) {
    if (!step(grammar.begins, i)) {
      i++;
      continue;
    }
    let end = i + 1;
    while (end < parsed.length && step(grammar.goesOn, end)) end++;
    if (step(grammar.complete, end)) found.push({ type: at(i).type, start: i, end });
    i = end;
  }
  return found;
}

function parseStrict(tag: string, prefixes: string, scheme: string, sentence: number, at: number): Tag {
  const prefix = tag.charAt(0);
  if (prefix === '' || !prefixes.includes(prefix)) {
    const allowed = [...prefixes].join(', ');
    throw new BadInput(
      'unknown-prefix',
      `sentence ${sentence + 1}, token ${at + 1}: expected a tag that begins with ${allowed} (${scheme}) and found ${JSON.stringify(tag)}.`,
    );
  }
  return { prefix, type: tag.slice(1).replace(/^-+|-+$/g, '') || '_' };
}

/** Entities of one sentence as conlleval and seqeval's default read them: every run of tags of one type counts, however it begins. */
export function lenientEntities(tags: readonly string[]): Entity[] {
  const found: Entity[] = [];
  let before: Tag = { prefix: 'O', type: '_' };
  let start = 0;
  for (let i = 0; i <= tags.length; i++) {
    const now = i < tags.length ? parseLenient(tags[i]!) : { prefix: 'O', type: '_' };
    const other = before.type !== now.type;
    if (endsChunk(before.prefix, now.prefix, other)) found.push({ type: before.type, start, end: i });
    if (startsChunk(before.prefix, now.prefix, other)) start = i;
    before = now;
  }
  return found;
}

const isOutside = (prefix: string): boolean => prefix === 'O' || prefix === '.';

const endsChunk = (before: string, now: string, otherType: boolean): boolean =>
  before === 'E' || before === 'S' || ('BI'.includes(before) && 'BSO'.includes(now)) || (!isOutside(before) && otherType);

const startsChunk = (before: string, now: string, otherType: boolean): boolean =>
  now === 'B' || now === 'S' || ('EI'.includes(now) && 'ESO'.includes(before)) || (!isOutside(now) && otherType);

function parseLenient(tag: string): Tag {
  const rest = tag.slice(1);
  const dash = rest.indexOf('-');
  return { prefix: tag.charAt(0) || 'O', type: rest.slice(dash + 1) || '_' };
}

/**
 * The scheme that prefixes speak for: B with I and O is IOB2; E with I and O is IOE2; B and E, or S alone, IOBES; B and L, or U alone, BILOU.
 * Undefined when only O occurs; anything else, as I and O alone, is a `BadInput` that asks for the scheme.
 */
export function detectScheme(sentences: readonly (readonly string[])[]): Scheme | undefined {
  const seen = new Set<string>();
  for (const tags of sentences) for (const tag of tags) seen.add(tag.charAt(0));
  const outside = seen.delete('O');
  const only = (allowed: string): boolean => [...seen].every((prefix) => allowed.includes(prefix));
  if (seen.size === 0) return undefined;
  if (seen.has('B') && only('BI')) return 'IOB2';
  if (seen.has('E') && only('EI')) return 'IOE2';
  if ((seen.has('B') && seen.has('E') && only('IBES')) || (!outside && only('S'))) return 'IOBES';
  if ((seen.has('B') && seen.has('L') && only('IBLU')) || (!outside && only('U'))) return 'BILOU';
  const found = [...seen, ...(outside ? ['O'] : [])].sort().join(', ');
  throw new BadInput(
    'unclear-scheme',
    `the tags begin with ${found}, which does not tell the tagging scheme.`,
    {},
    `Name it: ${SCHEMES.join(', ')}, or read leniently.`,
  );
}
