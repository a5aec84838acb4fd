/** How a text is cut into words for BLEU; the names are sacrebleu's. */
export type Tokenizer = '13a' | 'intl' | 'char' | 'zh' | 'none';

const splitWords = (text: string): string[] => text.split(/\s+/).filter(Boolean);

/** ASCII symbols stand alone, but for ' , - . whose place depends on digits beside them. */
function western(text: string): string[] {
  return splitWords(
    ` ${text} `
      .replace(/([{-~[-` -&(-+:-@/])/g, ' $1 ')
      .replace(/([^0-9])([.,])/g, '$1 $2 ')
      .replace(/([.,])([^0-9])/g, ' $1 $2')
      .replace(/([0-9])(-)/g, '$1 $2 '),
  );
}

function mteval13a(text: string): string[] {
  const plain = text
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
  return western(plain);
}

/** Punctuation stands alone unless between numbers; symbols always. */
const international = (text: string): string[] =>
  splitWords(
    text
      .replace(/([^\p{N}])(\p{P})/gu, '$1 $2 ')
      .replace(/(\p{P})([^\p{N}])/gu, ' $1 $2')
      .replace(/(\p{S})/gu, ' $1 '),
  );

/** CJK characters, their punctuation and full-width forms. */
const CHINESE: readonly (readonly [number, number])[] = [
  [0x3400, 0x4db5],
  [0x4e00, 0x9fa5],
  [0x9fa6, 0x9fbb],
  [0xf900, 0xfa2d],
  [0xfa30, 0xfa6a],
  [0xfa70, 0xfad9],
  [0x20000, 0x2a6d6],
  [0x2f800, 0x2fa1d],
  [0xff00, 0xffef],
  [0x2e80, 0x2eff],
  [0x3000, 0x303f],
  [0x31c0, 0x31ef],
  [0x2f00, 0x2fdf],
  [0x2ff0, 0x2fff],
  [0x3100, 0x312f],
  [0x31a0, 0x31bf],
  [0xfe10, 0xfe1f],
  [0xfe30, 0xfe4f],
  [0x2600, 0x26ff],
  [0x2700, 0x27bf],
  [0x3200, 0x32ff],
  [0x3300, 0x33ff],
];

function chinese(text: string): string[] {
  let spaced = '';
  for (const character of text.trim()) {
    const code = character.codePointAt(0)!;
    spaced += CHINESE.some(([low, high]) => code >= low && code <= high) ? ` ${character} ` : character;
  }
  return western(spaced);
}

/** Words of a text. */
export function tokenize(text: string, tokenizer: Tokenizer): string[] {
  switch (tokenizer) {
    case '13a':
      return mteval13a(text.trimEnd());
    case 'intl':
      return international(text.trimEnd());
    case 'char':
      return [...text.trimEnd()].filter((character) => !/\s/.test(character));
    case 'zh':
      return chinese(text);
    case 'none':
      return splitWords(text);
  }
}
