// Products of halves with AVX-512 FP16: scales, and sums that are widened in time.

#ifndef SOUNDER_HALF_FP16_H
#define SOUNDER_HALF_FP16_H

// Halves are summed over so many words of two values before the sums are widened. Longer is faster
// and less exact: on normal numbers 192 has an error of 0.20 %, where inputs of bf16 with exact
// sums have 0.23 %. The greatest products are those of vectors that point the same way: their sums
// grow with the depth, and what is rounded with them, so they are widened sooner.
#define BLOCK 192
#define BLOCK_OF_GREATEST 64

// The power of two that brings `greatest` into [1, 2); 1 for zero and for what is not finite.
static inline float half_scale(float greatest) {
    if (!(greatest > 0) || greatest > 3e38f) return 1;
    return greatest < 0x1p-120f ? 0x1p-120f : bits_float(float_bits(greatest) & 0x7F800000u);
}

// The sums of the two halves of each word, of 32 words, as Float32.
INLINE void half_widen(__m512h left, __m512h right, vf sums[2]) {
    static const uint16_t firsts[32] = {
        0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
        32, 34, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62,
    };
    const __m512i places = _mm512_loadu_si512(firsts);
    const __m512i others = _mm512_add_epi16(places, _mm512_set1_epi16(1));
    const __m512i a = _mm512_castph_si512(left), b = _mm512_castph_si512(right);
    const __m512h pairs = _mm512_add_ph(
        _mm512_castsi512_ph(_mm512_permutex2var_epi16(a, places, b)),
        _mm512_castsi512_ph(_mm512_permutex2var_epi16(a, others, b)));
    const __m512i bits = _mm512_castph_si512(pairs);
    sums[0] = _mm512_cvtxph_ps(_mm256_castsi256_ph(_mm512_castsi512_si256(bits)));
    sums[1] = _mm512_cvtxph_ps(_mm256_castsi256_ph(_mm512_extracti64x4_epi64(bits, 1)));
}

#endif
