// Products of halves with AVX-512 FP16: scales, and sums that are widened in time.

#ifndef SOUNDER_HALF_FP16_H
#define SOUNDER_HALF_FP16_H

#define HALVES 32
// Halves are summed over so much of the depth before the sums are widened. Longer is faster and less
// exact: on normal numbers 64 has an error of 0.12 %, 192 of 0.20 % and 384 of 0.29 %, where inputs
// of bf16 with exact sums have 0.23 %.
#define BLOCK 192

// The power of two that brings `greatest` into [1, 2); 1 for zero and for what is not finite.
static inline float half_scale(float greatest) {
    if (!(greatest > 0) || greatest > 3e38f) return 1;
    int exponent;
    frexpf(greatest, &exponent);
    return ldexpf(1, exponent - 1 < -120 ? -120 : exponent - 1);
}

// Halves as inputs: each stands twice in its word, because the load unit spreads words over a
// vector, but not halves.
INLINE __m512i half_words(vf x) {
    __m512i words = _mm512_cvtepu16_epi32(_mm256_castph_si256(_mm512_cvtxps_ph(x)));
    return _mm512_or_epi32(words, _mm512_slli_epi32(words, 16));
}

INLINE __m512h half_spread(const void *word) {
    int32_t bits;
    memcpy(&bits, word, sizeof bits);
    return _mm512_castsi512_ph(_mm512_set1_epi32(bits));
}

// Adds 32 sums of halves to Float32 sums in the first-level cache.
INLINE void half_add(float *sums, __m512h part) {
    const __m512i bits = _mm512_castph_si512(part);
    const __m256h low = _mm256_castsi256_ph(_mm512_castsi512_si256(bits));
    const __m256h high = _mm256_castsi256_ph(_mm512_extracti64x4_epi64(bits, 1));
    v_store(sums, v_add(v_load(sums), _mm512_cvtxph_ps(low)));
    v_store(sums + LANES, v_add(v_load(sums + LANES), _mm512_cvtxph_ps(high)));
}

// Sums of `m` rows of words at `pitch` bytes over `depth` rows of a panel [depth, 2 * HALVES], into
// Float32 sums [m, 2 * HALVES].
INLINE void half_sums(
    const char *rows, size_t pitch, const _Float16 *panel, size_t depth, float *sums, const int m
) {
    memset(sums, 0, (size_t)m * 2 * HALVES * sizeof *sums);
    for (size_t begin = 0; begin < depth; begin += BLOCK) {
        const size_t end = dense_smaller(depth, begin + BLOCK);
        __m512h part[ROWS][2];
        UNROLL for (int i = 0; i < m; i++) part[i][0] = part[i][1] = _mm512_setzero_ph();
        for (size_t k = begin; k < end; k++) {
            const __m512h left = _mm512_loadu_ph(panel + k * 2 * HALVES);
            const __m512h right = _mm512_loadu_ph(panel + k * 2 * HALVES + HALVES);
            UNROLL for (int i = 0; i < m; i++) {
                const __m512h x = half_spread(rows + (size_t)i * pitch + 4 * k);
                part[i][0] = _mm512_fmadd_ph(x, left, part[i][0]);
                part[i][1] = _mm512_fmadd_ph(x, right, part[i][1]);
            }
        }
        UNROLL for (int i = 0; i < m; i++) {
            half_add(sums + (size_t)i * 2 * HALVES, part[i][0]);
            half_add(sums + (size_t)i * 2 * HALVES + HALVES, part[i][1]);
        }
    }
}

#endif
