/** Width of the band around the diagonal in which edits are sought, as sacrebleu has it. */
const BAND = 25;
const FAR = 0x3fffffff;

const KEEP = 0;
const SUBSTITUTE = 1;
/** A word of the text that the reference lacks. */
const DROP = 2;
/** A word of the reference that the text lacks. */
const ADD = 3;

/** Edits of every beginning of a text against every beginning of its reference; rows are words of the text, columns words of the reference. */
export interface EditTable {
  readonly words: readonly string[];
  readonly reference: readonly string[];
  readonly costs: Int32Array;
  readonly last: Uint8Array;
}

/** How many insertions, deletions and substitutions turn the text into the reference. */
export const editsOf = ({ costs }: EditTable): number => costs[costs.length - 1]!;

/**
 * Levenshtein's table within a band around the diagonal; of equally cheap edits keeping or substituting comes before dropping a word, and
 * that before adding one. The first `same` words are those of `like`, whose rows are taken over; both texts have one length.
 */
export function editTable(words: readonly string[], reference: readonly string[], like?: EditTable, same = 0): EditTable {
  const width = reference.length + 1;
  const costs = new Int32Array((words.length + 1) * width).fill(FAR);
  const last = new Uint8Array(costs.length);
  for (let j = 0; j < width; j++) {
    costs[j] = j;
    last[j] = ADD;
  }
  // The last row may be wider than the band, so it is never taken over.
  const known = like === undefined ? 0 : Math.min(same, words.length - 1);
  if (like !== undefined && known > 0) {
    costs.set(like.costs.subarray(width, (known + 1) * width), width);
    last.set(like.last.subarray(width, (known + 1) * width), width);
  }
  const slope = words.length === 0 ? 1 : reference.length / words.length;
  const band = BAND < slope / 2 ? Math.ceil(slope / 2 + BAND) : BAND;
  for (let i = known + 1; i <= words.length; i++) {
    const diagonal = Math.floor(i * slope);
    const from = Math.max(0, diagonal - band);
    const to = i === words.length ? width : Math.min(width, diagonal + band);
    for (let j = from; j < to; j++) fill(costs, last, i * width + j, width, j > 0, j > 0 && words[i - 1] === reference[j - 1]);
  }
  return { words, reference, costs, last };
}

function fill(costs: Int32Array, last: Uint8Array, at: number, width: number, hasLeft: boolean, equal: boolean): void {
  let cost = FAR;
  if (hasLeft) {
    cost = costs[at - width - 1]! + Number(!equal);
    last[at] = equal ? KEEP : SUBSTITUTE;
  }
  if (costs[at - width]! + 1 < cost) {
    cost = costs[at - width]! + 1;
    last[at] = DROP;
  }
  if (hasLeft && costs[at - 1]! + 1 < cost) {
    cost = costs[at - 1]! + 1;
    last[at] = ADD;
  }
  costs[at] = Math.min(cost, FAR);
}

/** Where the words of the reference stand in the text. */
export interface Alignment {
  /** For each word of the reference the place of its partner in the text; a missing one has the place before it, -1 at the beginning. */
  readonly places: Int32Array;
  readonly wrongInText: Uint8Array;
  readonly wrongInReference: Uint8Array;
}

/** The cheapest edits, read back from the end of the table. */
export function alignmentOf({ words, reference, last }: EditTable): Alignment {
  const places = new Int32Array(reference.length);
  const wrongInText = new Uint8Array(words.length);
  const wrongInReference = new Uint8Array(reference.length);
  const width = reference.length + 1;
  let i = words.length;
  let j = reference.length;
  while (i > 0 || j > 0) {
    const edit = last[i * width + j]!;
    if (edit === DROP) wrongInText[--i] = 1;
    else {
      j--;
      places[j] = i - 1;
      if (edit === ADD) wrongInReference[j] = 1;
      else {
        i--;
        wrongInText[i] = edit;
        wrongInReference[j] = edit;
      }
    }
  }
  return { places, wrongInText, wrongInReference };
}
