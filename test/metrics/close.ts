import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Equal within 1e-9 relative, 1e-12 absolute near 0 (S3), or as looser as asked. */
export function close(found: number | undefined, expected: number, what = '', relative = 1e-9): void {
  const gap = Math.abs((found ?? Number.NaN) - expected);
  assert.ok(gap <= Math.max(1e-12, relative * Math.abs(expected)), `${what}: found ${found}, expected ${expected}`);
}

export const golden = (name: string): unknown => JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), 'utf8'));
