// Dot products of one vector with stored rows, DOTS rows abreast: one row alone would wait for each
// of its own additions. A row's sum is the same whatever rows are computed beside it.

#define DOTS 4

INLINE void ISA(dots_abreast)(
    const float *query, const char *rows, size_t pitch, size_t depth, const int is_bf16,
    float *scores, const int m
) {
    vf sums[DOTS];
    UNROLL for (int i = 0; i < m; i++) sums[i] = v_zero();
#define DOT(k, n)                                                                                  \
    {                                                                                              \
        const vf x = v_load_n(query + k, n);                                                       \
        UNROLL for (int i = 0; i < m; i++) {                                                       \
            const char *row = rows + (size_t)i * pitch;                                            \
            const vf y = is_bf16 ? v_load_bf16_n(row + 2 * (k), n)                             \
                                 : v_load_n((const float *)row + (k), n);                          \
            sums[i] = v_fma(x, y, sums[i]);                                                        \
        }                                                                                          \
    }
    size_t k = 0;
    for (; k + LANES <= depth; k += LANES) DOT(k, LANES)
    if (k < depth) DOT(k, depth - k)
#undef DOT
    UNROLL for (int i = 0; i < m; i++) scores[i] = v_sum(sums[i]);
}

INLINE void ISA(dots_all)(
    const float *query, const char *rows, size_t count, size_t depth, const int is_bf16,
    float *scores
) {
    const size_t pitch = depth * (is_bf16 ? 2 : 4);
    size_t row = 0;
    for (; row + DOTS <= count; row += DOTS, rows += DOTS * pitch) {
        ISA(dots_abreast)(query, rows, pitch, depth, is_bf16, scores + row, DOTS);
    }
    for (; row < count; row++, rows += pitch) {
        ISA(dots_abreast)(query, rows, pitch, depth, is_bf16, scores + row, 1);
    }
}

static void ISA(dots)(
    const float *query, const void *rows, int is_bf16, size_t count, size_t depth, float *scores
) {
    if (is_bf16) ISA(dots_all)(query, rows, count, depth, 1, scores);
    else ISA(dots_all)(query, rows, count, depth, 0, scores);
}
#undef DOTS
