// The greatest products of rows with each column of packed weights, not stored in between: MaxSim
// of one passage. It takes what product.template.h defines or needs, and comes after it, or after
// sums.template.h.

// `m` rows' products with a panel into the greatest of its columns, `count` of them.
INLINE void KIND(maximise_tile)(
    const dense_product *p, const dense_maxima *to, size_t row, size_t panel, size_t count,
    const char *ahead, size_t step, vf most[2], const int m, const int has_table,
    const int has_factors
) {
    const size_t words = dense_words(p->depth, PER_WORD), first = panel * PANEL;
    KIND(sum) sums[ROWS][2];
    KIND(accumulate)(
        (const uint32_t *)p->packed + panel * words * PANEL, KIND(first)(p, row), KIND(pitch)(p),
        words, ahead, step, sums, m, 1);
    UNROLL for (int half = 0; half < 2; half++) {
        const size_t column = first + (size_t)half * LANES;
        if ((size_t)half * LANES >= count) break;
        const size_t n = dense_smaller(LANES, count - (size_t)half * LANES);
        const KIND(columns) columns = KIND(columns_at)(p, column);
        UNROLL for (int i = 0; i < m; i++) {
            const size_t at = row + (size_t)i;
            vf y = KIND(value)(p, at, columns, sums[i][half]);
            if (has_table) {
                y = v_add(y, v_load_n(to->table + to->places[at] * to->table_stride + column, n));
            }
            if (has_factors) y = v_mul(y, v_set1(to->factors[at]));
            most[half] = v_max(y, most[half]);
        }
    }
}

INLINE void KIND(maximise_panel)(
    const dense_product *p, const dense_maxima *to, size_t panel, const int has_table,
    const int has_factors
) {
    const size_t first = panel * PANEL, rows = p->rows;
    const size_t count = dense_smaller(PANEL, p->columns - first);
    const size_t low = dense_smaller(LANES, count), high = count - low;
    // the fetching of what is next is spread over the tiles of the first panel
    const size_t words = dense_words(p->depth, PER_WORD), tiles = (rows + ROWS - 1) / ROWS;
    const char *ahead = panel == 0 ? to->next : NULL;
    const size_t step = ahead == NULL ? 0 : to->next_bytes / (tiles * words) + 1;
    vf most[2] = {v_load_n(to->maxima + first, low), v_zero()};
    if (high > 0) most[1] = v_load_n(to->maxima + first + LANES, high);
#define TILE(m)                                                                                    \
    KIND(maximise_tile)(p, to, row, panel, count, ahead, step, most, m, has_table, has_factors)
    size_t row = 0;
    for (; row + ROWS <= rows; row += ROWS) {
        TILE(ROWS);
        if (ahead != NULL) ahead += words * step;
    }
    if (row < rows && rows >= ROWS) {
        // a maximum may be taken twice
        row = rows - ROWS;
        TILE(ROWS);
    } else if (row < rows) {
        if (ROWS > 8 && row + 8 <= rows) { TILE(8); row += 8; }
        if (ROWS > 4 && row + 4 <= rows) { TILE(4); row += 4; }
        if (row + 2 <= rows) { TILE(2); row += 2; }
        if (row < rows) TILE(1);
    }
#undef TILE
    v_store_n(to->maxima + first, most[0], low);
    if (high > 0) v_store_n(to->maxima + first + LANES, most[1], high);
}

// Without the products in between.
static void KIND(maximise)(const dense_product *p, const dense_maxima *to) {
    const size_t panels = p->rows > 0 && p->depth > 0 ? dense_panels(p->columns, PANEL) : 0;
    for (size_t panel = 0; panel < panels; panel++) {
        if (to->table != NULL) {
            if (to->factors != NULL) KIND(maximise_panel)(p, to, panel, 1, 1);
            else KIND(maximise_panel)(p, to, panel, 1, 0);
        } else if (to->factors != NULL) KIND(maximise_panel)(p, to, panel, 0, 1);
        else KIND(maximise_panel)(p, to, panel, 0, 0);
    }
}
