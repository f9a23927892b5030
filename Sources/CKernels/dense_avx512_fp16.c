// Products of half precision for AVX-512 FP16, where it is the fastest arithmetic of 16 bits.
//
// Multiplication and short sums are of 11 bits, long sums are Float32: after every BLOCK of the
// depth the sums are widened and added up. Rows and columns are scaled by powers of two so that
// their greatest values lie in [1, 2): no sum of a block can overflow, and what is lost to
// subnormals is far below the rounding of the greatest value.

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
#define PANEL 64
#define HEADER 4

#include "half_fp16.h"

#include "activations.template.h"

static size_t pitch_of(size_t depth) { return HEADER + 4 * depth; }

INLINE void tile(
    const dense_product *p, const _Float16 *weights, const float *scales, size_t row,
    size_t column, const int m
) {
    const size_t pitch = pitch_of(p->depth);
    const char *inputs = (const char *)p->inputs + row * pitch + HEADER;
    _Alignas(64) float sums[ROWS][PANEL];
    half_sums(inputs, pitch, weights, p->depth, sums[0], m);
    const size_t columns = dense_smaller(PANEL, p->columns - column);
    for (int i = 0; i < m; i++) {
        float scale;
        memcpy(&scale, inputs + (size_t)i * pitch - HEADER, sizeof scale);
        for (size_t c = 0; c < columns; c += LANES) {
            vf y = v_mul(v_mul(v_load(sums[i] + c), v_set1(scale)), v_load(scales + column + c));
            if (p->bias != NULL) {
                const size_t n = dense_smaller(LANES, columns - c);
                y = v_add(y, v_load_n(p->bias + column + c, n));
            }
            v_store(sums[i] + c, y);
        }
    }
    const size_t place = row * p->result_stride + column;
    activate_rows_avx512_fp16(
        p->activation, sums[0], PANEL, (size_t)m, columns,
        p->residual == NULL ? NULL : p->residual + place, p->results + place, p->result_stride);
}

static void multiply(const dense_product *p) {
    const size_t padded = dense_panels(p->columns, PANEL) * PANEL;
    const size_t depth = 2 * dense_words(p->depth, 2);
    const float *scales = (const float *)((const char *)p->packed + padded * depth * 2);
    const size_t block = ROWS * (1 + (384 << 10) / (ROWS * pitch_of(p->depth)));
    for (size_t begin = 0; begin < p->rows; begin += block) {
        const size_t end = dense_smaller(p->rows, begin + block);
        for (size_t column = 0; column < padded; column += PANEL) {
            const _Float16 *weights = (const _Float16 *)p->packed + column * depth;
            size_t row = begin;
            for (; row + ROWS <= end; row += ROWS) tile(p, weights, scales, row, column, ROWS);
            for (; row + 4 <= end; row += 4) tile(p, weights, scales, row, column, 4);
            for (; row < end; row++) tile(p, weights, scales, row, column, 1);
        }
    }
}

static void pack(const float *weights, size_t columns, size_t depth, void *packed) {
    const size_t padded = dense_panels(columns, PANEL) * PANEL;
    const size_t words = dense_words(depth, 2);
    float *scales = (float *)((char *)packed + padded * words * 4);
    memset(packed, 0, padded * (words * 4 + sizeof(float)));
    for (size_t c = 0; c < columns; c++) {
        float greatest = 0;
        for (size_t k = 0; k < depth; k++) {
            greatest = fmaxf(greatest, fabsf(weights[c * depth + k]));
        }
        scales[c] = half_scale(greatest);
        _Float16 *to = (_Float16 *)packed + c / PANEL * PANEL * words * 2 + c % PANEL;
        for (size_t k = 0; k < depth; k++) {
            to[k * PANEL] = (_Float16)(weights[c * depth + k] / scales[c]);
        }
    }
}

static void convert(const float *x, size_t rows, size_t depth, size_t stride, void *inputs) {
    const size_t pitch = pitch_of(depth);
    for (size_t row = 0; row < rows; row++, x += stride) {
        char *to = (char *)inputs + row * pitch;
        vf most = v_zero();
        for (size_t k = 0; k < depth; k += LANES) {
            vf y = v_load_n(x + k, dense_smaller(LANES, depth - k));
            most = v_max(most, _mm512_abs_ps(y));
        }
        const float scale = half_scale(v_greatest(most));
        memcpy(to, &scale, sizeof scale);
        const vf factor = v_set1(1 / scale);
        for (size_t k = 0; k < depth; k += LANES) {
            const size_t n = dense_smaller(LANES, depth - k);
            const __m512i words = half_words(v_mul(v_load_n(x + k, n), factor));
            _mm512_mask_storeu_epi32(to + HEADER + 4 * k, v_mask(n), words);
        }
    }
}

#pragma clang attribute pop

const dense_format dense_half_avx512_fp16 = {
    1, 2, PANEL, HEADER, 1, pack, convert, multiply, NULL,
};

#endif
