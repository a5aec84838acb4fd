import { BadInput } from '../tables/bad-input.ts';
import { scanRecord } from '../tables/csv/scan-record.ts';

/** One line of `per_bucket_complexity_eval.csv`: the scores of the rows with one label of complexity. */
export interface BucketScores {
  readonly label: string;
  readonly exactMatch: { readonly mean: number; readonly count: number };
  readonly f1: { readonly mean: number; readonly count: number };
}

/**
 * Reads `per_bucket_complexity_eval.csv` with our one line of header, or with the three that the reference system's pandas writes
 * (`,exact_match,exact_match,f1_score,f1_score` / `,mean,count,mean,count` / `sql_complexity,,,,`), in the order of its lines.
 * Errors: `BadInput` `no-column`, `bad-number`.
 */
export function readBucketFile(text: string, file = 'per_bucket_complexity_eval.csv'): BucketScores[] {
  const records = recordsOf(text.replace(/^\uFEFF/, ''));
  const [first = [], second = [], third = []] = records;
  const levels = first[0] === '';
  const names = levels ? first.map((name, i) => (i === 0 ? third[0] : `${name}_${second[i]}`)) : first;
  const place = (name: string): number => {
    const at = names.indexOf(name);
    if (at === -1) throw new BadInput('no-column', `no column "${name}"; there are ${names.join(', ')}.`, { file });
    return at;
  };
  const label = place('sql_complexity');
  const columns = ['exact_match_mean', 'exact_match_count', 'f1_score_mean', 'f1_score_count'].map((name) => ({ name, at: place(name) }));
  const header = levels ? 3 : 1;
  return records.slice(header).map((cells, line) => {
    const [exactMean, exactCount, f1Mean, f1Count] = columns.map(({ name, at }) => {
      const value = cells[at] ? Number(cells[at]) : Number.NaN;
      if (Number.isFinite(value)) return value;
      const place = { file, row: header + line + 1, column: name };
      throw new BadInput('bad-number', `expected a number, found "${(cells[at] ?? '').slice(0, 40)}".`, place);
    }) as [number, number, number, number];
    return { label: cells[label] ?? '', exactMatch: { mean: exactMean, count: exactCount }, f1: { mean: f1Mean, count: f1Count } };
  });
}

const COMMA = 44;

function recordsOf(text: string): string[][] {
  const bytes = Buffer.from(text);
  const records: string[][] = [];
  for (let at = 0; at < bytes.length; ) {
    const record = scanRecord(bytes, at, bytes.length, true, COMMA)!;
    at = record.next;
    if (record.empty) continue;
    records.push(
      record.fields.map(({ from, to, quoted }) => {
        const cell = bytes.toString('utf8', from, to);
        return quoted ? cell.replaceAll('""', '"') : cell;
      }),
    );
  }
  return records;
}
