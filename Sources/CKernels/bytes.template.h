// Packing, converting and finishing products of bytes, alike for all vector instruction sets.
//
// The including file defines PER_WORD, WEIGHT (the type that a weight is kept in) and INPUT (that
// of an input), beside what product.template.h needs; each converted row begins with its scale and
// its offset. LEAST, where it is defined, is what an input of 0..255 is stored as at 0.

#include "range.template.h"

#define HEADER 8
#ifndef LEAST
#define LEAST 0
#endif

typedef struct KIND(columns) {
    vf scales;
    vf sums;
} KIND(columns);

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
INLINE vf KIND(value)(const dense_product *p, size_t row, KIND(columns) columns, KIND(sum) sum) {
    float header[2];
    memcpy(header, KIND(first)(p, row) - HEADER, sizeof header);
    vf y = v_fma(v_set1(-header[1]), columns.sums, KIND(to_float)(sum));
    return v_mul(y, v_mul(v_set1(header[0]), columns.scales));
}

static void KIND(pack)(const float *weights, size_t columns, size_t depth, void *packed) {
    const size_t words = dense_words(depth, PER_WORD);
    const size_t padded = dense_panels(columns, PANEL) * PANEL;
    float *scales = (float *)((char *)packed + padded * words * 4), *sums = scales + padded;
    memset(packed, 0, padded * (words * 4 + 8));
    for (size_t c = 0; c < columns; c++) {
        const float *column = weights + c * depth;
        WEIGHT *to = (WEIGHT *)packed + (c / PANEL * words * PANEL + c % PANEL) * PER_WORD;
        scales[c] = quantised_scale(column, depth);
        int32_t sum = 0;
        for (size_t k = 0; k < depth; k++) {
            const int8_t q = quantised(column[k], scales[c]);
            to[k / PER_WORD * PANEL * PER_WORD + k % PER_WORD] = q;
            sum += q;
        }
        sums[c] = (float)sum;
    }
}

static void KIND(convert)(
    const float *x, size_t rows, size_t depth, size_t stride, void *inputs
) {
    const size_t pitch = HEADER + 4 * dense_words(depth, PER_WORD);
    for (size_t row = 0; row < rows; row++, x += stride) {
        char *to = (char *)inputs + row * pitch;
        float least, most;
        KIND(range)(x, depth, &least, &most);
        const float scale = most > least ? (most - least) / 255 : 1;
        const float inverse = 1 / scale, offset = rintf(-least * inverse);
        const float header[2] = {scale, offset + LEAST};
        memcpy(to, header, sizeof header);
        memset(to + pitch - 4, 0, 4);
        const vf factor = v_set1(inverse), base = v_set1(offset);
        for (size_t k = 0; k < depth; k += LANES) {
            const size_t n = dense_smaller(LANES, depth - k);
            vf q = v_max(v_fma(v_load_n(x + k, n), factor, base), v_zero());
            KIND(store)((INPUT *)(to + HEADER) + k, v_min(q, v_set1(255)), n);
        }
    }
}

static void KIND(load)(
    const uint8_t *bytes, size_t rows, size_t depth, size_t stride, float scale, void *inputs
) {
    const size_t pitch = HEADER + 4 * dense_words(depth, PER_WORD);
    const float header[2] = {scale, 128 + LEAST};
    for (size_t row = 0; row < rows; row++, bytes += stride) {
        char *to = (char *)inputs + row * pitch;
        memcpy(to, header, sizeof header);
        memset(to + pitch - 4, 0, 4);
        INPUT *values = (INPUT *)(to + HEADER);
        for (size_t k = 0; k < depth; k++) values[k] = (INPUT)(bytes[k] + LEAST);
    }
}
