/** Key, truth and origin of one model's rows. */
export interface KeyedRows {
  readonly keys: readonly string[];
  /** Compared between the two sides; labels as text, or numbers. */
  readonly truth: ArrayLike<string | number>;
}

export interface JoinCounts {
  /** Keys that only one side has. */
  readonly onlyCandidate: number;
  readonly onlyChampion: number;
  /** Keys that occur more than once on a side. */
  readonly duplicates: number;
  /** Keys whose truth differs between the sides. */
  readonly otherTruth: number;
}

/** Positions of the same rows on both sides, in the candidate's order; or why the sides are not about the same rows. */
export type Joined =
  | { readonly candidate: Uint32Array; readonly champion: Uint32Array; readonly leftOut: number }
  | { readonly incomparable: { readonly code: string; readonly text: string }; readonly counts: JoinCounts; readonly leftOut: number };

/**
 * Joins two models' rows by key, strictly: a missing or doubled key or another truth makes the whole incomparable, never a silent inner join.
 * Rows for which `leaveOut` is true (the champion was trained on them) are dropped on both sides first, and counted.
 */
export function joinByKey(candidate: KeyedRows, champion: KeyedRows, leaveOut: (key: string) => boolean = () => false): Joined {
  const positions = new Map<string, number>();
  const doubled = new Set<string>();
  for (let i = 0; i < champion.keys.length; i++) {
    const key = champion.keys[i]!;
    if (leaveOut(key)) continue;
    if (positions.has(key)) doubled.add(key);
    else positions.set(key, i);
  }
  const seen = new Set<string>();
  const ours: number[] = [];
  const theirs: number[] = [];
  let leftOut = 0;
  let onlyCandidate = 0;
  let otherTruth = 0;
  for (let i = 0; i < candidate.keys.length; i++) {
    const key = candidate.keys[i]!;
    if (leaveOut(key)) {
      leftOut++;
      continue;
    }
    if (seen.has(key)) {
      doubled.add(key);
      continue;
    }
    seen.add(key);
    const at = positions.get(key);
    if (at === undefined) onlyCandidate++;
    else if (candidate.truth[i] !== champion.truth[at]) otherTruth++;
    else {
      ours.push(i);
      theirs.push(at);
    }
  }
  let onlyChampion = 0;
  for (const key of positions.keys()) if (!seen.has(key)) onlyChampion++;

  const counts: JoinCounts = { onlyCandidate, onlyChampion, duplicates: doubled.size, otherTruth };
  const problem = problemOf(counts);
  if (problem !== undefined) return { incomparable: problem, counts, leftOut };
  return { candidate: Uint32Array.from(ours), champion: Uint32Array.from(theirs), leftOut };
}

function problemOf({ onlyCandidate, onlyChampion, duplicates, otherTruth }: JoinCounts): { code: string; text: string } | undefined {
  const facts = [
    onlyCandidate > 0 ? `${onlyCandidate} keys only the candidate has` : '',
    onlyChampion > 0 ? `${onlyChampion} keys only the champion has` : '',
    duplicates > 0 ? `${duplicates} keys more than once` : '',
    otherTruth > 0 ? `${otherTruth} keys with another target` : '',
  ].filter(Boolean);
  if (facts.length === 0) return undefined;
  const code = duplicates > 0 ? 'duplicate-keys' : onlyCandidate + onlyChampion > 0 ? 'other-rows' : 'other-target';
  return { code, text: `Candidate and champion were not judged on the same rows: ${facts.join(', ')}.` };
}
