import { appendFile, readFile } from 'node:fs/promises';
import { codeOf, writeWhole } from '../../kernel/durable-file.ts';
import type { TrackedMetric } from './tracker.ts';

type Written = Omit<TrackedMetric, 'value'> & { readonly value: number | string };

/**
 * Adds metrics to `metrics.jsonl`: at its end while they are new. One that stands there with another value makes the file be written anew, and
 * so does a last line that was cut short. The caller holds the lock of the run.
 */
export async function addPoints(path: string, metrics: readonly TrackedMetric[]): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  const known = new Map<string, Written>();
  for (const line of text.split('\n')) {
    const point = readPoint(line);
    if (point) known.set(keyOf(point), point);
  }
  let rewrite = text !== '' && !text.endsWith('\n');
  const added: string[] = [];
  for (const { name, value, step, at } of metrics) {
    const point: Written = { name, value: Number.isFinite(value) ? value : String(value), ...(step !== undefined && { step }), at };
    const before = known.get(keyOf(point));
    if (before?.value === point.value) continue;
    if (before !== undefined) rewrite = true;
    known.set(keyOf(point), point);
    added.push(lineOf(point));
  }
  if (rewrite) await writeWhole(path, [...known.values()].map(lineOf).join(''));
  // One write, so that whoever reads along sees whole lines.
  else if (added.length > 0) await appendFile(path, added.join(''));
}

const keyOf = ({ name, step }: Written): string => `${step ?? ''}\0${name}`;

const lineOf = (point: Written): string => `${JSON.stringify(point)}\n`;

/** What a line holds; nothing in one that was cut short. */
function readPoint(line: string): Written | undefined {
  try {
    return JSON.parse(line) as Written;
  } catch {
    return undefined;
  }
}
