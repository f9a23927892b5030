// Attention of one document, a head at a time and ROWS tokens at a time: their scores against all
// keys stay in the cache, become weights in place, and are multiplied with the values.

// Keys of a head as panels [head_width][PANEL] of tokens, values as panels [key_count][PANEL] of
// the head's width; both are what a tile of sums reads in order.
static void ISA(gather_head)(
    const dense_attention *a, size_t head, float *keys, float *values
) {
    const size_t width = a->head_width, first = head * width;
    for (size_t begin = 0; begin < a->key_count; begin += PANEL, keys += width * PANEL) {
        for (size_t c = 0; c < PANEL; c += LANES) {
            const size_t n = begin + c < a->key_count ? a->key_count - begin - c : 0;
            const float *key = a->keys + (begin + c) * a->key_stride + first;
            for (size_t k = 0; k < width; k += LANES) {
                vf block[LANES];
                const size_t m = dense_smaller(LANES, width - k);
                UNROLL for (size_t i = 0; i < LANES; i++) {
                    block[i] = i < n ? v_load_n(key + i * a->key_stride + k, m) : v_zero();
                }
                v_transpose(block);
                for (size_t i = 0; i < m; i++) v_store(keys + (k + i) * PANEL + c, block[i]);
            }
        }
    }
    for (size_t begin = 0; begin < width; begin += PANEL, values += a->key_count * PANEL) {
        const size_t n = dense_smaller(PANEL, width - begin);
        for (size_t token = 0; token < a->key_count; token++) {
            const float *value = a->values + token * a->key_stride + first + begin;
            for (size_t c = 0; c < PANEL; c += LANES) {
                const size_t m = c < n ? dense_smaller(LANES, n - c) : 0;
                v_store(values + token * PANEL + c, m > 0 ? v_load_n(value + c, m) : v_zero());
            }
        }
    }
}

// Sums of `m` rows at `stride` over `depth` rows of one panel.
INLINE void ISA(panel_sums)(
    const float *rows, size_t stride, const float *panel, size_t depth, vf sums[ROWS][2],
    const int m
) {
    UNROLL for (int i = 0; i < m; i++) sums[i][0] = sums[i][1] = v_zero();
    for (size_t k = 0; k < depth; k++) {
        vf left = v_load(panel + k * PANEL), right = v_load(panel + k * PANEL + LANES);
        UNROLL for (int i = 0; i < m; i++) {
            vf x = v_set1(rows[(size_t)i * stride + k]);
            sums[i][0] = v_fma(x, left, sums[i][0]);
            sums[i][1] = v_fma(x, right, sums[i][1]);
        }
    }
}

INLINE void ISA(attend_rows)(
    const dense_attention *a, size_t head, size_t row, const float *keys, const float *values,
    float *scores, const int m
) {
    const size_t width = a->head_width;
    const size_t pitch = dense_panels(a->key_count, PANEL) * PANEL;
    const size_t low = ISA(first_key)(a, row), high = ISA(end_key)(a, row + (size_t)m - 1);
    const float *queries = a->queries + row * a->query_stride + head * width;
    vf sums[ROWS][2];
    for (size_t panel = low / PANEL; panel * PANEL < high; panel++) {
        ISA(panel_sums)(queries, a->query_stride, keys + panel * width * PANEL, width, sums, m);
        UNROLL for (int i = 0; i < m; i++) {
            v_store(scores + (size_t)i * pitch + panel * PANEL, sums[i][0]);
            v_store(scores + (size_t)i * pitch + panel * PANEL + LANES, sums[i][1]);
        }
    }
    float totals[ROWS];
    for (int i = 0; i < m; i++) {
        float *line = scores + (size_t)i * pitch;
        totals[i] = ISA(weigh)(a, head, row + (size_t)i, line, low, high);
    }
    for (size_t begin = 0; begin < width; begin += PANEL, values += a->key_count * PANEL) {
        ISA(panel_sums)(scores + low, pitch, values + low * PANEL, high - low, sums, m);
        UNROLL for (int i = 0; i < m; i++) {
            const vf factor = v_set1(totals[i] == 0 ? 0 : 1 / totals[i]);
            float *to = a->results + (row + (size_t)i) * a->result_stride + head * width + begin;
            const size_t n = dense_smaller(PANEL, width - begin);
            v_store_n(to, v_mul(sums[i][0], factor), dense_smaller(LANES, n));
            if (n > LANES) v_store_n(to + LANES, v_mul(sums[i][1], factor), n - LANES);
        }
    }
}

static void ISA(attend)(const dense_attention *a) {
    float *keys = a->scratch;
    float *values = keys + dense_panels(a->key_count, PANEL) * PANEL * a->head_width;
    float *scores = values + dense_panels(a->head_width, PANEL) * PANEL * a->key_count;
    const size_t sharing = a->heads / a->key_heads;
    for (size_t head = 0; head < a->heads; head++) {
        if (head % sharing == 0) ISA(gather_head)(a, head / sharing, keys, values);
        size_t row = 0;
        for (; row + ROWS <= a->count; row += ROWS) {
            ISA(attend_rows)(a, head, row, keys, values, scores, ROWS);
        }
        if (ROWS > 8 && row + 8 <= a->count) {
            ISA(attend_rows)(a, head, row, keys, values, scores, 8);
            row += 8;
        }
        if (row + 4 <= a->count) {
            ISA(attend_rows)(a, head, row, keys, values, scores, 4);
            row += 4;
        }
        if (row + 2 <= a->count) {
            ISA(attend_rows)(a, head, row, keys, values, scores, 2);
            row += 2;
        }
        if (row < a->count) ISA(attend_rows)(a, head, row, keys, values, scores, 1);
    }
}
