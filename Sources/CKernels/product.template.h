// Products of rows with packed weights, written once over how one precision multiplies words.
//
// The including file defines, through KIND(name), what sums.template.h needs and: `pitch` (bytes
// between input rows), `first` (the words of a row), `columns` (what finishing needs of a vector of
// columns) and `value` (a sum as Float32). Where it defines SUMS_OF_THEIR_OWN it has the type `sum`
// and the function `accumulate` of its own.

#ifndef SUMS_OF_THEIR_OWN
#include "sums.template.h"
#endif

// What follows on the sums of `m` rows and a panel's columns from `first` on, `count` of them; all
// of PANEL where that is known when this is compiled.
INLINE void KIND(finish)(
    const dense_product *p, KIND(sum) sums[ROWS][2], size_t row, size_t first, size_t count,
    const int m
) {
    // what an activation follows on waits in the first-level cache
    _Alignas(64) float tile[ROWS][PANEL];
    const int is_last = p->activation == DENSE_IDENTITY;
    UNROLL for (int half = 0; half < 2; half++) {
        const size_t done = (size_t)half * LANES, column = first + done;
        if (done >= count) break;
        const size_t n = dense_smaller(LANES, count - done);
        const KIND(columns) columns = KIND(columns_at)(p, column);
        const vf bias = p->bias == NULL ? v_zero() : v_load_n(p->bias + column, n);
        UNROLL for (int i = 0; i < m; i++) {
            const size_t place = (row + (size_t)i) * p->result_stride + column;
            vf y = v_add(KIND(value)(p, row + (size_t)i, columns, sums[i][half]), bias);
            if (!is_last) {
                v_store(tile[i] + done, y);
                continue;
            }
            if (p->residual != NULL) y = v_add(y, v_load_n(p->residual + place, n));
            v_store_n(p->results + place, y, n);
        }
    }
    if (is_last) return;
    const size_t place = row * p->result_stride + first;
    ISA(activate_rows)(
        p->activation, tile[0], PANEL, (size_t)m, count,
        p->residual == NULL ? NULL : p->residual + place, p->results + place, p->result_stride);
}

// `m` rows against one panel, with all sums in registers.
INLINE void KIND(tile)(
    const dense_product *p, size_t words, size_t row, size_t panel, const int m
) {
    KIND(sum) sums[ROWS][2];
    KIND(accumulate)(
        (const uint32_t *)p->packed + panel * words * PANEL, KIND(first)(p, row), KIND(pitch)(p),
        words, NULL, 0, sums, m, 0);
    const size_t first = panel * PANEL;
    if (first + PANEL <= p->columns) KIND(finish)(p, sums, row, first, PANEL, m);
    else KIND(finish)(p, sums, row, first, p->columns - first, m);
}

static void KIND(multiply)(const dense_product *p) {
    const size_t words = dense_words(p->depth, PER_WORD);
    const size_t panels = dense_panels(p->columns, PANEL);
    // so many rows stay in the second-level cache while the weights pass by
    const size_t block = ROWS * (1 + (384 << 10) / (ROWS * (4 * words + 1)));
    for (size_t begin = 0; begin < p->rows; begin += block) {
        const size_t end = dense_smaller(p->rows, begin + block);
        for (size_t panel = 0; panel < panels; panel++) {
            size_t row = begin;
            for (; row + ROWS <= end; row += ROWS) KIND(tile)(p, words, row, panel, ROWS);
            if (ROWS > 8 && row + 8 <= end) {
                KIND(tile)(p, words, row, panel, 8);
                row += 8;
            }
            if (ROWS > 4 && row + 4 <= end) {
                KIND(tile)(p, words, row, panel, 4);
                row += 4;
            }
            if (row + 2 <= end) {
                KIND(tile)(p, words, row, panel, 2);
                row += 2;
            }
            if (row < end) KIND(tile)(p, words, row, panel, 1);
        }
    }
}
