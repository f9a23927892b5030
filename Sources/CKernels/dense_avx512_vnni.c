// Products of bytes for AVX-512 VNNI: four inputs without sign times four weights with sign.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "quantise.h"
#include "vector.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,prfchw"))), \
    apply_to = function)

#define ISA(name) name##_avx512_vnni
#define ROWS 12
#include "avx512.h"
#define PANEL (2 * LANES)
#define HEADER 8

#include "activations.template.h"
#include "finish.template.h"

#define KIND(name) ISA(name)
#define PER_WORD 4
typedef __m512i KIND(sum);
typedef struct KIND(columns) {
    vf scales;
    vf sums;
} KIND(columns);
INLINE __m512i KIND(zero)(void) { return _mm512_setzero_si512(); }
INLINE __m512i KIND(word)(const char *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}
INLINE __m512i KIND(column)(const uint32_t *p) { return _mm512_loadu_si512(p); }
INLINE __m512i KIND(dot)(__m512i sum, __m512i word, __m512i column) {
    return _mm512_dpbusd_epi32(sum, word, column);
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
    return (KIND(columns)){v_load(scales + column), v_load(scales + padded + column)};
}
// scale of the row x scale of the column x (sum - offset of the row x sum of the column)
INLINE vf KIND(value)(const dense_product *p, size_t row, KIND(columns) columns, __m512i sum) {
    float header[2];
    memcpy(header, KIND(first)(p, row) - HEADER, sizeof header);
    vf y = v_fma(v_set1(-header[1]), columns.sums, _mm512_cvtepi32_ps(sum));
    return v_mul(y, v_mul(v_set1(header[0]), columns.scales));
}
#include "product.template.h"

static void pack(const float *weights, size_t columns, size_t depth, void *packed) {
    const size_t words = dense_words(depth, PER_WORD);
    const size_t padded = dense_panels(columns, PANEL) * PANEL;
    float *scales = (float *)((char *)packed + padded * words * 4), *sums = scales + padded;
    memset(packed, 0, padded * (words * 4 + 8));
    int8_t *column = malloc(words * 4);
    if (column == NULL) abort();
    memset(column, 0, words * 4);
    for (size_t c = 0; c < columns; c++) {
        scales[c] = dense_quantise_column(weights + c * depth, depth, column);
        int32_t sum = 0;
        for (size_t k = 0; k < depth; k++) sum += column[k];
        sums[c] = (float)sum;
        char *to = (char *)packed + (c / PANEL * words * PANEL + c % PANEL) * 4;
        for (size_t k = 0; k < words; k++) memcpy(to + k * PANEL * 4, column + 4 * k, 4);
    }
    free(column);
}

static void convert(const float *x, size_t rows, size_t depth, size_t stride, void *inputs) {
    const size_t pitch = HEADER + 4 * dense_words(depth, PER_WORD);
    for (size_t row = 0; row < rows; row++, x += stride) {
        char *to = (char *)inputs + row * pitch;
        vf low = v_zero(), high = v_zero();
        for (size_t k = 0; k < depth; k += LANES) {
            vf y = v_load_n(x + k, dense_smaller(LANES, depth - k));
            low = v_min(low, y);
            high = v_max(high, y);
        }
        const float least = _mm512_reduce_min_ps(low), most = v_greatest(high);
        const float scale = most > least ? (most - least) / 255 : 1;
        const float inverse = 1 / scale, offset = rintf(-least * inverse);
        const float header[2] = {scale, offset};
        memcpy(to, header, sizeof header);
        memset(to + pitch - 4, 0, 4);
        const vf factor = v_set1(inverse), base = v_set1(offset);
        for (size_t k = 0; k < depth; k += LANES) {
            const size_t n = dense_smaller(LANES, depth - k);
            __m512i q = _mm512_cvtps_epi32(v_fma(v_load_n(x + k, n), factor, base));
            q = _mm512_max_epi32(q, _mm512_setzero_si512());
            _mm_mask_storeu_epi8(to + HEADER + k, v_mask(n), _mm512_cvtusepi32_epi8(q));
        }
    }
}

#pragma clang attribute pop

const dense_format dense_int8_avx512_vnni = {
    PER_WORD, PANEL, HEADER, pack, convert, multiply_avx512_vnni,
};

#endif
