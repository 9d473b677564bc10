//! The same with AVX-512 or AVX2, where the processor has them.

use core::arch::x86_64::{__m256i, __m512i};

use pulp::NullaryFnOnce;
use pulp::x86::{V3, V4};

use super::Skimmed;
use super::lanes::{Block, Lanes, Masks, Words};
use super::walk::Walk;

pub(super) fn best(walk: Walk<'_, '_>) -> Option<Skimmed> {
    if let Some(v4) = V4::try_new() {
        return walk.run(v4);
    }
    match V3::try_new() {
        Some(v3) => walk.run(v3),
        None => walk.run(Words),
    }
}

impl Lanes for V4 {
    type Extremes = (__m512i, __m512i);

    #[inline(always)]
    fn vectorize<F: NullaryFnOnce>(self, step: F) -> F::Output {
        Self::vectorize(self, step)
    }

    #[inline(always)]
    fn extremes(self) -> Self::Extremes {
        (self.avx512f._mm512_set1_epi8(-1), self.avx512f._mm512_setzero_si512())
    }

    #[inline(always)]
    fn see(self, seen: &mut Self::Extremes, block: &Block) {
        let bytes: __m512i = pulp::cast(*block);
        let (least, greatest) = *seen;
        *seen = (self.avx512bw._mm512_min_epu8(least, bytes), self.avx512f._mm512_or_si512(greatest, bytes));
    }

    #[inline(always)]
    fn seen(self, (least, greatest): Self::Extremes) -> (bool, bool) {
        let (least, greatest): (Block, Block) = (pulp::cast(least), pulp::cast(greatest));
        (least.iter().any(|byte| *byte < b' '), !greatest.is_ascii())
    }

    #[inline(always)]
    fn masks(self, block: &Block, ahead: &Block) -> Masks {
        let (f, bw) = (self.avx512f, self.avx512bw);
        let all = |byte: u8| f._mm512_set1_epi8(byte.cast_signed());
        let (bytes, next): (__m512i, __m512i) = (pulp::cast(*block), pulp::cast(*ahead));
        let brackets = f._mm512_or_si512(bytes, all(0x20));
        let quote = bw._mm512_cmpeq_epi8_mask(bytes, all(b'"'));
        Masks {
            quote,
            backslash: bw._mm512_cmpeq_epi8_mask(bytes, all(b'\\')),
            open: bw._mm512_cmpeq_epi8_mask(brackets, all(b'{')),
            close: bw._mm512_cmpeq_epi8_mask(brackets, all(b'}')),
            name: bw._mm512_mask_cmpeq_epi8_mask(quote, next, all(b'N'))
                | bw._mm512_mask_cmpeq_epi8_mask(quote, next, all(b'I')),
        }
    }
}

impl Lanes for V3 {
    type Extremes = (__m256i, __m256i);

    #[inline(always)]
    fn vectorize<F: NullaryFnOnce>(self, step: F) -> F::Output {
        Self::vectorize(self, step)
    }

    #[inline(always)]
    fn extremes(self) -> Self::Extremes {
        (self.avx._mm256_set1_epi8(-1), self.avx._mm256_setzero_si256())
    }

    #[inline(always)]
    fn see(self, seen: &mut Self::Extremes, block: &Block) {
        let [low, high]: [__m256i; 2] = pulp::cast(*block);
        let (least, greatest) = *seen;
        let avx2 = self.avx2;
        *seen = (
            avx2._mm256_min_epu8(least, avx2._mm256_min_epu8(low, high)),
            avx2._mm256_or_si256(greatest, avx2._mm256_or_si256(low, high)),
        );
    }

    #[inline(always)]
    fn seen(self, (least, greatest): Self::Extremes) -> (bool, bool) {
        let (least, greatest): ([u8; 32], [u8; 32]) = (pulp::cast(least), pulp::cast(greatest));
        (least.iter().any(|byte| *byte < b' '), !greatest.is_ascii())
    }

    #[inline(always)]
    fn masks(self, block: &Block, ahead: &Block) -> Masks {
        let avx2 = self.avx2;
        let all = |byte: u8| self.avx._mm256_set1_epi8(byte.cast_signed());
        let equal = |bytes: __m256i, byte: u8| avx2._mm256_cmpeq_epi8(bytes, all(byte));
        let bits = |bytes: __m256i| u64::from(avx2._mm256_movemask_epi8(bytes).cast_unsigned());
        let both = |low: __m256i, high: __m256i| bits(low) | (bits(high) << 32);
        let [low, high]: [__m256i; 2] = pulp::cast(*block);
        let next: [__m256i; 2] = pulp::cast(*ahead);
        let (low_brackets, high_brackets) =
            (avx2._mm256_or_si256(low, all(0x20)), avx2._mm256_or_si256(high, all(0x20)));
        // Not by `map`, which is not inlined here.
        let [low_next, high_next] = next;
        let low_name = avx2._mm256_or_si256(equal(low_next, b'N'), equal(low_next, b'I'));
        let high_name = avx2._mm256_or_si256(equal(high_next, b'N'), equal(high_next, b'I'));
        let quote = both(equal(low, b'"'), equal(high, b'"'));
        Masks {
            quote,
            backslash: both(equal(low, b'\\'), equal(high, b'\\')),
            open: both(equal(low_brackets, b'{'), equal(high_brackets, b'{')),
            close: both(equal(low_brackets, b'}'), equal(high_brackets, b'}')),
            name: quote & both(low_name, high_name),
        }
    }
}
