import assert from 'node:assert/strict';

/** Equal within `relative` (1e-9 of S3 unless told), or 1e-12 absolutely near 0; infinities and NaN must be the same. */
export function close(found: number, expected: number, relative = 1e-9, what = ''): void {
  if (Object.is(found, expected) || found === expected) return;
  const gap = Math.abs(found - expected);
  const tolerance = Math.max(
    relative * Math.abs(expected),
    Math.abs(expected) > 1e-3 || relative > 1e-9 ? 1e-12 : Math.min(1e-12, relative * 1e-3),
  );
  assert.ok(gap <= tolerance, `${what} expected ${expected}, found ${found}`);
}

/** `close` element by element. */
export function allClose(found: ArrayLike<number>, expected: ArrayLike<number>, relative = 1e-9, what = ''): void {
  assert.equal(found.length, expected.length, `${what} length`);
  for (let i = 0; i < expected.length; i++) close(found[i]!, expected[i]!, relative, `${what}[${i}]`);
}
