// Products of bytes for AVX2 and for AVX-512 without VNNI, as pairs of 16 bits, because the sums of
// pairs of bytes saturate.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "quantise.h"
#include "vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define ISA(name) name##_avx2_int8
#define ROWS 6
#define ABREAST 2
#include "avx2.h"
#define PANEL (2 * LANES)

#include "activations.template.h"

#define KIND(name) ISA(name)
#define PER_WORD 2
#define WEIGHT int16_t
#define INPUT int16_t
typedef __m256i KIND(sum);
INLINE __m256i KIND(zero)(void) { return _mm256_setzero_si256(); }
INLINE __m256i KIND(word)(const char *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}
INLINE __m256i KIND(column)(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
INLINE __m256i KIND(dot)(__m256i sum, __m256i word, __m256i column) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(word, column));
}
INLINE vf KIND(to_float)(__m256i sum) { return _mm256_cvtepi32_ps(sum); }
INLINE void KIND(store)(int16_t *to, vf q, size_t n) {
    const __m256i wide = _mm256_cvtps_epi32(q);
    const __m128i words = _mm_packus_epi32(
        _mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    if (n == LANES) _mm_storeu_si128((__m128i *)to, words);
    else memcpy(to, &words, n * sizeof *to);
}

#include "bytes.template.h"
#include "product.template.h"
#include "maximise.template.h"

#pragma clang attribute pop

const dense_format dense_int8_avx2 = {
    PER_WORD, PER_WORD, PANEL, HEADER, 2, ISA(pack), ISA(convert), ISA(multiply),
    ISA(maximise), NULL, ISA(load),
};

#endif
