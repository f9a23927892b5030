// Products of rows with packed weights, written once over how one precision multiplies words.
//
// The including file defines, through KIND(name): the types and functions `sum` (a vector of
// running sums), `zero`, `word` (one input word in every lane), `column` (LANES words of a panel),
// `dot` (their products added to a sum), `pitch` (bytes between input rows), `first` (the words of
// a row), `columns` (what finishing needs of a vector of columns) and `value` (a sum as Float32).
//
// A sum is one chain over the depth, in order, whatever rows are computed beside it.

// `m` rows against one panel, with all sums in registers.
INLINE void KIND(tile)(
    const dense_product *p, size_t words, size_t row, size_t panel, const int m
) {
    const uint32_t *weights = (const uint32_t *)p->packed + panel * words * PANEL;
    const size_t pitch = KIND(pitch)(p);
    const char *inputs = KIND(first)(p, row);
    KIND(sum) sums[ROWS][2];
    UNROLL for (int i = 0; i < m; i++) sums[i][0] = sums[i][1] = KIND(zero)();
    for (size_t k = 0; k < words; k++) {
        KIND(sum) left = KIND(column)(weights + k * PANEL);
        KIND(sum) right = KIND(column)(weights + k * PANEL + LANES);
        UNROLL for (int i = 0; i < m; i++) {
            KIND(sum) word = KIND(word)(inputs + (size_t)i * pitch + 4 * k);
            sums[i][0] = KIND(dot)(sums[i][0], word, left);
            sums[i][1] = KIND(dot)(sums[i][1], word, right);
        }
    }
    // what an activation follows on waits in the first-level cache
    _Alignas(64) float tile[ROWS][PANEL];
    const int is_last = p->activation == DENSE_IDENTITY;
    const size_t first = panel * PANEL;
    UNROLL for (int half = 0; half < 2; half++) {
        const size_t column = first + (size_t)half * LANES;
        if (column >= p->columns) break;
        const size_t n = dense_smaller(LANES, p->columns - column);
        const KIND(columns) columns = KIND(columns_at)(p, column);
        const vf bias = p->bias == NULL ? v_zero() : v_load_n(p->bias + column, n);
        UNROLL for (int i = 0; i < m; i++) {
            const size_t place = (row + (size_t)i) * p->result_stride + column;
            vf y = v_add(KIND(value)(p, row + (size_t)i, columns, sums[i][half]), bias);
            if (!is_last) {
                v_store(tile[i] + half * LANES, y);
                continue;
            }
            if (p->residual != NULL) y = v_add(y, v_load_n(p->residual + place, n));
            v_store_n(p->results + place, y, n);
        }
    }
    if (is_last) return;
    const size_t place = row * p->result_stride + first;
    ISA(activate_rows)(
        p->activation, tile[0], PANEL, (size_t)m, dense_smaller(PANEL, p->columns - first),
        p->residual == NULL ? NULL : p->residual + place, p->results + place, p->result_stride);
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
            if (row + 4 <= end) {
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
