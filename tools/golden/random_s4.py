"""The random numbers of S4, bit for bit those of src/statistics/random.ts, so that large inputs are seeds in both languages."""

from statistics import NormalDist

MASK = 0xFFFFFFFF
_STANDARD = NormalDist()


def philox(counter, key):
    """One block of Philox4x32-10 (Salmon et al. 2011)."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        first = 0xD2511F53 * c0
        second = 0xCD9E8D57 * c2
        c0, c1, c2, c3 = ((second >> 32) ^ c1 ^ k0) & MASK, second & MASK, ((first >> 32) ^ c3 ^ k1) & MASK, first & MASK
        k0 = (k0 + 0x9E3779B9) & MASK
        k1 = (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def _rotate(x, by):
    return ((x << by) | (x >> (32 - by))) & MASK


class Random:
    """xoshiro128** (Blackman, Vigna) whose state is one Philox block of (seed, index, stream)."""

    def __init__(self, seed, stream, index=0):
        self.state = list(philox((index & MASK, (index >> 32) & MASK, stream, 0), (seed & MASK, (seed >> 32) & MASK)))

    def u32(self):
        s0, s1, s2, s3 = self.state
        result = (_rotate((s1 * 5) & MASK, 7) * 9) & MASK
        shifted = (s1 << 9) & MASK
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        self.state = [s0, s1, s2, _rotate(s3, 11)]
        return result

    def float(self):
        high = self.u32() >> 5
        return (high * 67108864 + (self.u32() >> 6)) / 9007199254740992

    def below(self, n):
        threshold = (1 << 32) % n
        while True:
            product = self.u32() * n
            if product & MASK >= threshold:
                return product >> 32

    def normal(self):
        high = self.u32()
        return _STANDARD.inv_cdf((high * 1048576 + (self.u32() >> 12) + 0.5) / 4503599627370496)

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items
