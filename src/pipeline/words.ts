/** How many letters must be changed, added, left out or swapped with their neighbour to make one word the other. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(change, last[j]! + 1, row[j - 1]! + 1, swapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY));
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The candidate a writer most likely meant: the fewest edits away, at most a third of the word (one for short words), case and
 * the choice of `-`, `_` or blank not counted. Ties go to the first. Undefined when none is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_ .]/g, '');
  const wanted = plain(word);
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < fewest) {
      best = candidate;
      fewest = distance;
    }
  }
  return best;
}

/** ` Did you mean "x"?` with the nearest candidate, or the candidates themselves when they are few and none is near. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const found = nearest(word, candidates);
  if (found !== undefined) return ` Did you mean "${found}"?`;
  return candidates.length > 0 && candidates.length <= 12 ? ` Known here: ${candidates.join(', ')}.` : '';
}
