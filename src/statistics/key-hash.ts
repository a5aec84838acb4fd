import { createHash, hash } from 'node:crypto';

/**
 * u(key) of S10: the first 53 bits of SHA-256(UTF-8 of `salt|key`) over 2⁵³, uniform on [0, 1) and stable for ever.
 * Lone surrogates are encoded as U+FFFD, as UTF-8 encoders do.
 */
export function keyHash(salt: string, key: string): number {
  return fractionOf(createHash('sha256').update(`${salt}|${key}`, 'utf8').digest());
}

/** `keyHash` of many keys. */
export function keyHashes(salt: string, keys: readonly string[] | Iterable<string>, into?: Float64Array): Float64Array {
  const list = Array.isArray(keys) ? (keys as readonly string[]) : [...keys];
  const out = into ?? new Float64Array(list.length);
  for (let i = 0; i < list.length; i++) out[i] = fractionOf(hash('sha256', `${salt}|${list[i]}`, 'buffer'));
  return out;
}

/** 32 + 21 leading bits of a digest as a fraction. */
function fractionOf(digest: Uint8Array): number {
  const high = digest[0]! * 16777216 + (digest[1]! << 16) + (digest[2]! << 8) + digest[3]!;
  const low = (digest[4]! << 13) | (digest[5]! << 5) | (digest[6]! >>> 3);
  return (high * 2097152 + low) / 9007199254740992;
}
