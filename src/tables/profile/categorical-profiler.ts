import { byCodePoint } from '../code-point-order.ts';
import { CATEGORIES_MAX, type CategoricalProfile } from '../profile-types.ts';
import type { Column } from '../table.ts';
import { HyperLogLog } from './hyperloglog.ts';

/** Different values counted exactly; beyond, or beyond this much text, only those known by then go on being counted. */
const DISTINCT_EXACT = 1_000_000;
const TEXT_UNITS_MAX = 64 * 1024 * 1024;
const TOP_OF_MANY = 100;

/** What a profiler has counted, as plain data that can go to another thread. */
export interface CategoricalState {
  readonly rows: number;
  readonly missing: number;
  readonly unlisted: number;
  readonly texts: readonly string[];
  readonly counts: Float64Array;
  readonly sketch?: Uint8Array;
  readonly length: { readonly min: number; readonly max: number; readonly sum: number };
}

/** Profiles one text or boolean column by counting its values. */
export class CategoricalProfiler {
  readonly name: string;
  readonly type: 'text' | 'boolean';
  #rows = 0;
  #missing = 0;
  #known = new Map<string, number>();
  #texts: string[] = [];
  #counts = new Float64Array(256);
  #units = 0;
  /** From the overflow on: counts all different values, and `#known` no longer grows. */
  #sketch: HyperLogLog | undefined;
  #unlisted = 0;
  #length = { min: Number.POSITIVE_INFINITY, max: 0, sum: 0 };

  #lastDictionary: readonly string[] = [];
  #map = new Int32Array(0);

  constructor(name: string, type: 'text' | 'boolean') {
    this.name = name;
    this.type = type;
  }

  state(): CategoricalState {
    return {
      rows: this.#rows,
      missing: this.#missing,
      unlisted: this.#unlisted,
      texts: this.#texts,
      counts: this.#counts.slice(0, this.#texts.length),
      ...(this.#sketch && { sketch: this.#sketch.state() }),
      length: this.#length,
    };
  }

  add(column: Column, rows: number): void {
    this.#rows += rows;
    if (column.kind === 'number') this.#addBooleans(column.values, column.missing, rows);
    else this.#addTexts(column.codes, column.dictionary, rows);
  }

  merge(other: CategoricalProfiler): void {
    this.absorb(other.state());
  }

  /** Takes over what another profiler has counted. */
  absorb({ rows, missing, unlisted, texts, counts, sketch, length }: CategoricalState): void {
    this.#rows += rows;
    this.#missing += missing;
    this.#unlisted += unlisted;
    if (sketch !== undefined) this.#overflow();
    for (let i = 0; i < texts.length; i++) this.#count(this.#indexOf(texts[i]), counts[i]);
    if (sketch !== undefined) this.#sketch?.merge(HyperLogLog.from(sketch));
    this.#length = {
      min: Math.min(this.#length.min, length.min),
      max: Math.max(this.#length.max, length.max),
      sum: this.#length.sum + length.sum,
    };
  }

  finish(): CategoricalProfile {
    const count = this.#rows - this.#missing;
    const exact = this.#sketch === undefined;
    const all: { value: string; count: number }[] = [];
    let once = 0;
    for (let i = 0; i < this.#texts.length; i++) {
      // A dictionary may hold texts that no row uses.
      if (this.#counts[i] === 0) continue;
      if (this.#counts[i] === 1) once++;
      all.push({ value: this.#texts[i], count: this.#counts[i] });
    }
    const complete = exact && all.length <= CATEGORIES_MAX;
    const values = complete ? all.sort(byCount) : mostFrequent(all, TOP_OF_MANY);
    const distinct = exact ? { value: all.length, exact, once } : { value: (this.#sketch as HyperLogLog).estimate(), exact };
    const { min, max, sum } = this.#length;
    const length = this.type === 'text' && count > 0 ? { length: { min, max, mean: sum / count } } : {};
    return { kind: 'categorical', name: this.name, type: this.type, count, missing: this.#missing, distinct, ...length, values, complete };
  }

  #addBooleans(values: Float64Array, missing: Uint8Array | undefined, rows: number): void {
    let yes = 0;
    let absent = 0;
    for (let i = 0; i < rows; i++) {
      if (missing !== undefined && missing[i] === 1) absent++;
      else if (values[i] === 1) yes++;
    }
    this.#missing += absent;
    if (yes > 0) this.#count(this.#indexOf('true'), yes);
    if (rows - absent - yes > 0) this.#count(this.#indexOf('false'), rows - absent - yes);
  }

  #addTexts(codes: Int32Array, dictionary: readonly string[], rows: number): void {
    if (dictionary !== this.#lastDictionary) {
      this.#lastDictionary = dictionary;
      this.#map = new Int32Array(dictionary.length).fill(-2);
    }
    const map = this.#map;
    let missing = 0;
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      const code = codes[i];
      if (code < 0) {
        missing++;
        continue;
      }
      let index = map[code];
      if (index === -2) {
        const listing = this.#sketch === undefined;
        index = this.#indexOf(dictionary[code]);
        // The overflow has given the values new places.
        if (listing && this.#sketch !== undefined) map.fill(-2);
        map[code] = index;
        const units = dictionary[code].length;
        if (units < this.#length.min) this.#length.min = units;
        if (units > this.#length.max) this.#length.max = units;
      }
      sum += dictionary[code].length;
      if (index < 0) this.#unlisted++;
      else this.#counts[index]++;
    }
    this.#length.sum += sum;
    this.#missing += missing;
  }

  #count(index: number, n: number): void {
    if (index < 0) this.#unlisted += n;
    else this.#counts[index] += n;
  }

  /** Where the value is counted; -1 when it is new and the list no longer grows. */
  #indexOf(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#sketch === undefined && (this.#texts.length >= DISTINCT_EXACT || this.#units + text.length > TEXT_UNITS_MAX))
      this.#overflow();
    if (this.#sketch !== undefined) {
      this.#sketch.addText(text);
      return -1;
    }
    const index = this.#texts.push(text) - 1;
    this.#known.set(text, index);
    this.#units += text.length;
    if (index === this.#counts.length) {
      const larger = new Float64Array(index * 2);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    return index;
  }

  /** Too many values to count each: keeps the most frequent so far and sketches how many there are. */
  #overflow(): void {
    if (this.#sketch !== undefined) return;
    const sketch = new HyperLogLog();
    this.#sketch = sketch;
    for (const text of this.#texts) sketch.addText(text);
    const all = this.#texts.map((value, i) => ({ value, count: this.#counts[i] })).filter((entry) => entry.count > 0);
    const kept = mostFrequent(all, CATEGORIES_MAX);
    for (const entry of all) this.#unlisted += entry.count;
    for (const entry of kept) this.#unlisted -= entry.count;
    this.#texts = kept.map((entry) => entry.value);
    this.#known = new Map(this.#texts.map((text, i) => [text, i]));
    this.#counts = Float64Array.from(kept, (entry) => entry.count);
    this.#lastDictionary = [];
  }
}

type Counted = { readonly value: string; readonly count: number };

/** The `n` most frequent, without sorting all of them. */
function mostFrequent<T extends Counted>(all: readonly T[], n: number): T[] {
  if (all.length <= n * 4) return [...all].sort(byCount).slice(0, n);
  const counts = Float64Array.from(all, (entry) => entry.count).sort();
  const least = counts[counts.length - n];
  const above = all.filter((entry) => entry.count > least);
  const level = all.filter((entry) => entry.count === least).sort(byCount);
  return [...above.sort(byCount), ...level].slice(0, n);
}

const byCount = (a: Counted, b: Counted): number => b.count - a.count || byCodePoint(a.value, b.value);
