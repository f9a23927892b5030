// Blocks of dot products, written once over the vector vocabulary of an instruction set.

// A corner of the problem: where its queries, rows and scores begin, and the distances between.
typedef struct ISA(corner) {
    const float *queries;
    size_t query_stride;
    const float *rows;
    size_t row_stride;
    size_t count;
    float *scores;
    size_t score_stride;
} ISA(corner);

// `m` queries against `k` rows with all sums in registers.
INLINE void ISA(score_corner)(const ISA(corner) *c, const int m, const int k) {
    vf sums[WORDS_OUTPUT_BLOCK][INPUTS];
    UNROLL for (int j = 0; j < k; j++) {
        UNROLL for (int i = 0; i < m; i++) sums[j][i] = v_zero();
    }
#define MULTIPLY(d, n)                                                                             \
    {                                                                                              \
        vf x[INPUTS];                                                                              \
        UNROLL for (int i = 0; i < m; i++) {                                                       \
            x[i] = v_load_n(c->queries + i * c->query_stride + d, n);                              \
        }                                                                                          \
        UNROLL for (int j = 0; j < k; j++) {                                                       \
            vf y = v_load_n(c->rows + j * c->row_stride + d, n);                                   \
            UNROLL for (int i = 0; i < m; i++) sums[j][i] = v_fma(x[i], y, sums[j][i]);            \
        }                                                                                          \
    }
    FOR_ROW(c->count, MULTIPLY)
    UNROLL for (int j = 0; j < k; j++) {
        UNROLL for (int i = 0; i < m; i++) c->scores[i * c->score_stride + j] = v_sum(sums[j][i]);
    }
}

static void ISA(scores_f32)(
    const float *queries, size_t query_count, size_t query_stride, const float *rows,
    size_t row_count, size_t row_stride, size_t count, float *scores
) {
    for (size_t j = 0; j < row_count; j += WORDS_OUTPUT_BLOCK) {
        for (size_t i = 0; i < query_count; i += INPUTS) {
            ISA(corner) c = {
                queries + i * query_stride, query_stride, rows + j * row_stride, row_stride,
                count, scores + i * row_count + j, row_count,
            };
            size_t m = query_count - i < INPUTS ? query_count - i : INPUTS;
            size_t k = row_count - j < WORDS_OUTPUT_BLOCK ? row_count - j : WORDS_OUTPUT_BLOCK;
            if (m == INPUTS && k == WORDS_OUTPUT_BLOCK) {
                ISA(score_corner)(&c, INPUTS, WORDS_OUTPUT_BLOCK);
                continue;
            }
            // the ragged edge, a row of sums at a time
            for (size_t q = 0; q < m; q++) {
                ISA(corner) one = c;
                one.queries += q * query_stride;
                one.scores += q * row_count;
                for (size_t r = 0; r < k; r++, one.rows += row_stride, one.scores++) {
                    ISA(score_corner)(&one, 1, 1);
                }
            }
        }
    }
}
