// Products of 7 bits by 7 bits for AVX2, 32 at a time: twice as many as products of pairs of 16
// bits, as which 8 bits have to be multiplied, because sums of their products saturate.
//
// Inputs are 0..127 with a scale and an offset a row, weights 0..127 with a scale and an offset a
// column. Four of such products fill an unsigned 16-bit lane at most (4 x 127 x 127 = 64,516), so
// every second word the lanes are widened: `low` adds them up as they stand, two in one of 32 bits
// and with wrap-around, `high` adds up the upper ones alone. Subtracting these from `low` leaves
// the sum of the lower ones.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define ISA(name) name##_avx2_reduced
#define ROWS 3
#define ABREAST 2
#include "avx2.h"
#define PANEL (2 * LANES)

#include "activations.template.h"

#define KIND(name) ISA(name)
#define PER_WORD 4
// bytes in front of a row: its scale, its offset and the sum of its values
#define HEADER 12
// numbers of a column: its scale, its offset and the sum of its weights less that
#define EXTRAS 3
#define LEVELS 127
#define SUMS_OF_THEIR_OWN
typedef __m256i KIND(sum);
typedef struct KIND(columns) {
    vf scales;
    vf offsets;
    vf sums;
} KIND(columns);

INLINE __m256i KIND(word)(const char *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}

// Products of LANES columns, added in pairs. The weights are an operand in memory, so that they
// need none of the 16 registers; left to the compiler, they would push the sums out.
INLINE __m256i KIND(pairs)(__m256i word, const uint32_t *weights) {
    typedef struct { uint32_t words[LANES]; } vector;
    __m256i pairs;
    __asm__("vpmaddubsw %2, %1, %0"
            : "=x"(pairs)
            : "x"(word), "m"(*(const vector *)weights));
    return pairs;
}

INLINE void KIND(accumulate)(
    const uint32_t *weights, const char *inputs, size_t pitch, size_t words, const char *ahead,
    size_t step, __m256i sums[ROWS][2], const int m, const int is_for_greatest
) {
    __m256i low[ROWS][2], high[ROWS][2];
#define ADD(i, half, lanes)                                                                        \
    low[i][half] = _mm256_add_epi32(low[i][half], lanes);                                          \
    high[i][half] = _mm256_add_epi32(high[i][half], _mm256_srli_epi32(lanes, 16));
    UNROLL for (int i = 0; i < m; i++) {
        UNROLL for (int half = 0; half < 2; half++) low[i][half] = high[i][half] = vu_zero();
    }
    size_t k = 0;
    for (; k + 2 <= words; k += 2, weights += 2 * PANEL, inputs += 8) {
        UNROLL for (int i = 0; i < m; i++) {
            const __m256i first = KIND(word)(inputs + (size_t)i * pitch);
            const __m256i second = KIND(word)(inputs + (size_t)i * pitch + 4);
            UNROLL for (int half = 0; half < 2; half++) {
                const __m256i lanes = _mm256_add_epi16(
                    KIND(pairs)(first, weights + half * LANES),
                    KIND(pairs)(second, weights + PANEL + half * LANES));
                ADD(i, half, lanes)
            }
        }
    }
    if (k < words) {
        UNROLL for (int i = 0; i < m; i++) {
            const __m256i word = KIND(word)(inputs + (size_t)i * pitch);
            UNROLL for (int half = 0; half < 2; half++) {
                const __m256i lanes = KIND(pairs)(word, weights + half * LANES);
                ADD(i, half, lanes)
            }
        }
    }
#undef ADD
    UNROLL for (int i = 0; i < m; i++) {
        UNROLL for (int half = 0; half < 2; half++) {
            const __m256i upper = high[i][half];
            const __m256i lower = _mm256_sub_epi32(low[i][half], _mm256_slli_epi32(upper, 16));
            sums[i][half] = _mm256_add_epi32(lower, upper);
        }
    }
}

INLINE size_t KIND(pitch)(const dense_product *p) {
    return HEADER + 4 * dense_words(p->depth, PER_WORD);
}

INLINE const char *KIND(first)(const dense_product *p, size_t row) {
    return (const char *)p->inputs + row * KIND(pitch)(p) + HEADER;
}

INLINE KIND(columns) KIND(columns_at)(const dense_product *p, size_t column) {
    const size_t padded = dense_panels(p->columns, PANEL) * PANEL;
    const float *scales =
        (const float *)((const char *)p->packed + padded * 4 * dense_words(p->depth, PER_WORD));
    return (KIND(columns)){
        v_load(scales + column), v_load(scales + padded + column),
        v_load(scales + 2 * padded + column)};
}

// With x = s (a - o) and w = t (b - u): x w = s t (a b - u a - o (b - u)), summed.
INLINE vf KIND(value)(const dense_product *p, size_t row, KIND(columns) columns, __m256i sum) {
    float header[3];
    memcpy(header, KIND(first)(p, row) - HEADER, sizeof header);
    vf y = v_fma(columns.offsets, v_set1(-header[2]), _mm256_cvtepi32_ps(sum));
    y = v_fma(columns.sums, v_set1(-header[1]), y);
    return v_mul(y, v_mul(v_set1(header[0]), columns.scales));
}

static void KIND(pack)(const float *weights, size_t columns, size_t depth, void *packed) {
    const size_t words = dense_words(depth, PER_WORD);
    const size_t padded = dense_panels(columns, PANEL) * PANEL;
    float *scales = (float *)((char *)packed + padded * words * 4);
    float *offsets = scales + padded, *sums = offsets + padded;
    memset(packed, 0, padded * (words * 4 + EXTRAS * sizeof(float)));
    for (size_t c = 0; c < columns; c++, weights += depth) {
        uint8_t *to = (uint8_t *)packed + (c / PANEL * words * PANEL + c % PANEL) * PER_WORD;
        float low = 0, high = 0;
        for (size_t k = 0; k < depth; k++) {
            low = fminf(low, weights[k]);
            high = fmaxf(high, weights[k]);
        }
        scales[c] = high > low ? (float)(((double)high - low) / LEVELS) : 1;
        offsets[c] = rintf(-low / scales[c]);
        float sum = 0;
        for (size_t k = 0; k < depth; k++) {
            const float q = fmaxf(rintf(weights[k] / scales[c]) + offsets[c], 0);
            const uint8_t level = (uint8_t)fminf(q, LEVELS);
            to[k / PER_WORD * PANEL * PER_WORD + k % PER_WORD] = level;
            sum += (float)level - offsets[c];
        }
        sums[c] = sum;
    }
}

#include "range.template.h"

static void KIND(convert)(
    const float *x, size_t rows, size_t depth, size_t stride, void *inputs
) {
    const size_t pitch = HEADER + 4 * dense_words(depth, PER_WORD);
    for (size_t row = 0; row < rows; row++, x += stride) {
        char *to = (char *)inputs + row * pitch;
        float least, most;
        KIND(range)(x, depth, &least, &most);
        const float scale = most > least ? (most - least) / LEVELS : 1;
        const float inverse = 1 / scale, offset = rintf(-least * inverse);
        const vf factor = v_set1(inverse), base = v_set1(offset);
        __m256i sum = vu_zero();
        memset(to + pitch - 4, 0, 4);
        for (size_t k = 0; k < depth; k += LANES) {
            const size_t n = dense_smaller(LANES, depth - k);
            vf q = v_max(v_fma(v_load_n(x + k, n), factor, base), v_zero());
            __m256i levels = _mm256_cvtps_epi32(v_min(q, v_set1(LEVELS)));
            // what is not there has the level of zero
            if (n < LANES) levels = _mm256_and_si256(levels, v_mask(n));
            sum = _mm256_add_epi32(sum, levels);
            __m128i bytes = _mm_packus_epi32(
                _mm256_castsi256_si128(levels), _mm256_extracti128_si256(levels, 1));
            bytes = _mm_packus_epi16(bytes, bytes);
            if (n == LANES) _mm_storel_epi64((__m128i *)(to + HEADER + k), bytes);
            else memcpy(to + HEADER + k, &bytes, n);
        }
        const float header[3] = {scale, offset, v_sum(_mm256_cvtepi32_ps(sum))};
        memcpy(to, header, sizeof header);
    }
}

#include "product.template.h"

#pragma clang attribute pop

const dense_format dense_int8_reduced_avx2 = {
    PER_WORD, PER_WORD, PANEL, HEADER, EXTRAS, ISA(pack), ISA(convert), ISA(multiply), NULL,
    NULL, NULL,
};

#endif
