// Products of bfloat16 pairs for AVX-512 BF16, with sums in Float32.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "vector.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,prfchw"))), \
    apply_to = function)

#define ISA(name) name##_avx512_bf16
#define ROWS 12
#include "avx512.h"
#define PANEL (2 * LANES)

#include "activations.template.h"

#define KIND(name) ISA(name)
#define PER_WORD 2
typedef vf KIND(sum);
typedef int KIND(columns);
INLINE vf KIND(zero)(void) { return v_zero(); }
INLINE vf KIND(word)(const char *p) { return v_set1(*(const float *)p); }
INLINE vf KIND(column)(const uint32_t *p) { return v_load((const float *)p); }
INLINE vf KIND(dot)(vf sum, vf word, vf column) {
    return _mm512_dpbf16_ps(sum, (__m512bh)word, (__m512bh)column);
}
INLINE size_t KIND(pitch)(const dense_product *p) { return 4 * dense_words(p->depth, PER_WORD); }
INLINE const char *KIND(first)(const dense_product *p, size_t row) {
    return (const char *)p->inputs + row * KIND(pitch)(p);
}
INLINE int KIND(columns_at)(const dense_product *p, size_t column) { return 0; }
INLINE vf KIND(value)(const dense_product *p, size_t row, int columns, vf sum) { return sum; }
#include "product.template.h"
#include "maximise.template.h"

static void pack(const float *weights, size_t columns, size_t depth, void *packed) {
    const size_t words = dense_words(depth, PER_WORD);
    memset(packed, 0, dense_panels(columns, PANEL) * PANEL * words * 4);
    for (size_t c = 0; c < columns; c++) {
        char *to = (char *)packed + (c / PANEL * words * PANEL + c % PANEL) * 4;
        for (size_t k = 0; k < depth; k++) {
            bf16_store(to + k / 2 * PANEL * 4, k % 2, weights[c * depth + k]);
        }
    }
}

static void convert(const float *x, size_t rows, size_t depth, size_t stride, void *inputs) {
    const size_t pitch = 4 * dense_words(depth, PER_WORD);
    for (size_t row = 0; row < rows; row++, x += stride) {
        char *to = (char *)inputs + row * pitch;
        memset(to + pitch - 4, 0, 4);
        for (size_t k = 0; k < depth; k += LANES) {
            const size_t n = dense_smaller(LANES, depth - k);
            v_store_bf16_n(to + 2 * k, (vb)_mm512_cvtneps_pbh(v_load_n(x + k, n)), n);
        }
    }
}

#pragma clang attribute pop

const dense_format dense_half_avx512_bf16 = {
    PER_WORD, PER_WORD, PANEL, 0, 0, pack, convert, multiply_avx512_bf16,
    maximise_avx512_bf16, NULL, NULL,
};

#endif
