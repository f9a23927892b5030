// Products of half precision for AVX-512 FP16, where it is the fastest arithmetic of 16 bits.
//
// Multiplication and short sums are of 11 bits, long sums are Float32: after every block of words
// the sums are widened and added up. Rows and columns are scaled by powers of two so that their
// greatest values lie in [1, 2): no sum of a block can overflow, and what is lost to subnormals is
// far below the rounding of the greatest value.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "vector.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512fp16,avx2,fma,prfchw"))), \
    apply_to = function)

#define ISA(name) name##_avx512_fp16
#define ROWS 12
#include "avx512.h"
#define PANEL (2 * LANES)
#define HEADER 4

#include "half_fp16.h"

#include "activations.template.h"

#define KIND(name) ISA(name)
#define PER_WORD 2
typedef vf KIND(sum);
typedef vf KIND(columns);
INLINE size_t KIND(pitch)(const dense_product *p) {
    return HEADER + 4 * dense_words(p->depth, PER_WORD);
}
INLINE const char *KIND(first)(const dense_product *p, size_t row) {
    return (const char *)p->inputs + row * KIND(pitch)(p) + HEADER;
}
INLINE vf KIND(columns_at)(const dense_product *p, size_t column) {
    const size_t padded = dense_panels(p->columns, PANEL) * PANEL;
    const size_t words = dense_words(p->depth, PER_WORD);
    return v_load((const float *)((const char *)p->packed + padded * 4 * words) + column);
}
INLINE vf KIND(value)(const dense_product *p, size_t row, vf scales, vf sum) {
    float scale;
    memcpy(&scale, KIND(first)(p, row) - HEADER, sizeof scale);
    return v_mul(v_mul(sum, v_set1(scale)), scales);
}

#define SUMS_OF_THEIR_OWN
INLINE void KIND(accumulate)(
    const uint32_t *weights, const char *inputs, size_t pitch, size_t words, const char *ahead,
    size_t step, vf sums[ROWS][2], const int m, const int is_for_greatest
) {
    const size_t block = is_for_greatest ? BLOCK_OF_GREATEST : BLOCK;
    for (size_t begin = 0; begin < words; begin += block) {
        const size_t end = dense_smaller(words, begin + block);
        __m512h part[ROWS][2];
        UNROLL for (int i = 0; i < m; i++) part[i][0] = part[i][1] = _mm512_setzero_ph();
        for (size_t k = begin; k < end; k++) {
            if (ahead != NULL) __builtin_prefetch(ahead + k * step, 0, 2);
            const __m512h left = _mm512_loadu_ph(weights + k * PANEL);
            const __m512h right = _mm512_loadu_ph(weights + k * PANEL + LANES);
            UNROLL for (int i = 0; i < m; i++) {
                int32_t word;
                memcpy(&word, inputs + (size_t)i * pitch + 4 * k, sizeof word);
                const __m512h x = _mm512_castsi512_ph(_mm512_set1_epi32(word));
                part[i][0] = _mm512_fmadd_ph(x, left, part[i][0]);
                part[i][1] = _mm512_fmadd_ph(x, right, part[i][1]);
            }
        }
        UNROLL for (int i = 0; i < m; i++) {
            vf wide[2];
            half_widen(part[i][0], part[i][1], wide);
            sums[i][0] = begin == 0 ? wide[0] : v_add(sums[i][0], wide[0]);
            sums[i][1] = begin == 0 ? wide[1] : v_add(sums[i][1], wide[1]);
        }
    }
}

#include "product.template.h"
#include "maximise.template.h"

static void pack(const float *weights, size_t columns, size_t depth, void *packed) {
    const size_t padded = dense_panels(columns, PANEL) * PANEL;
    const size_t words = dense_words(depth, PER_WORD);
    float *scales = (float *)((char *)packed + padded * words * 4);
    memset(packed, 0, padded * (words * 4 + sizeof(float)));
    for (size_t c = 0; c < columns; c++) {
        const float *column = weights + c * depth;
        float greatest = 0;
        for (size_t k = 0; k < depth; k++) greatest = fmaxf(greatest, fabsf(column[k]));
        scales[c] = half_scale(greatest);
        _Float16 *to = (_Float16 *)packed + (c / PANEL * words * PANEL + c % PANEL) * PER_WORD;
        for (size_t k = 0; k < depth; k++) {
            to[k / PER_WORD * PANEL * PER_WORD + k % PER_WORD] = (_Float16)(column[k] / scales[c]);
        }
    }
}

static void convert(const float *x, size_t rows, size_t depth, size_t stride, void *inputs) {
    const size_t pitch = HEADER + 4 * dense_words(depth, PER_WORD);
    for (size_t row = 0; row < rows; row++, x += stride) {
        char *to = (char *)inputs + row * pitch;
        vf most = v_zero();
        for (size_t k = 0; k < depth; k += LANES) {
            const size_t n = dense_smaller(LANES, depth - k);
            most = v_max(most, _mm512_abs_ps(v_load_n(x + k, n)));
        }
        const float scale = half_scale(v_greatest(most));
        memset(to + pitch - 4, 0, 4);
        memcpy(to, &scale, sizeof scale);
        const vf factor = v_set1(1 / scale);
        for (size_t k = 0; k < depth; k += LANES) {
            const size_t n = dense_smaller(LANES, depth - k);
            const __m256h halves = _mm512_cvtxps_ph(v_mul(v_load_n(x + k, n), factor));
            v_store_bf16_n(to + HEADER + 2 * k, _mm256_castph_si256(halves), n);
        }
    }
}

#pragma clang attribute pop

const dense_format dense_half_avx512_fp16 = {
    PER_WORD, PER_WORD, PANEL, HEADER, 1, pack, convert, multiply_avx512_fp16,
    maximise_avx512_fp16, NULL, NULL,
};

#endif
