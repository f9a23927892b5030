// One step of GloVe's AdaGrad, written once over the vector vocabulary of an instruction set.
//
// 1 / sqrt(G) is a guess from the bits and two steps of Newton's method: relative error 5e-6, a
// third of the time of a square root and a division, and the same on every CPU.

INLINE vf ISA(inverse_root)(vf x) {
    vf half = v_mul(v_set1(-0.5f), x), y = v_rsqrt_guess(x);
    UNROLL for (int i = 0; i < 2; i++) {
        y = v_mul(y, v_fma(v_mul(half, y), y, v_set1(1.5f)));
    }
    return y;
}

INLINE float ISA(glove_score)(const float *word, const float *context, size_t dim) {
    vf sums[4];
    UNROLL for (int i = 0; i < 4; i++) sums[i] = v_zero();
    size_t d = 0;
    for (; d + 4 * LANES <= dim; d += 4 * LANES) {
        UNROLL for (int i = 0; i < 4; i++) {
            sums[i] = v_fma(v_load(word + d + i * LANES), v_load(context + d + i * LANES), sums[i]);
        }
    }
    for (; d + LANES <= dim; d += LANES) {
        sums[0] = v_fma(v_load(word + d), v_load(context + d), sums[0]);
    }
    if (d < dim) {
        sums[1] = v_fma(v_load_n(word + d, dim - d), v_load_n(context + d, dim - d), sums[1]);
    }
    return v_sum(v_add(v_add(sums[0], sums[1]), v_add(sums[2], sums[3])));
}

static float ISA(glove_step)(const glove_step *s) {
    float *word = s->word, *context = s->context;
    float *word_squares = word + s->accumulators, *context_squares = context + s->accumulators;
    const float *next_word = s->next_word, *next_context = s->next_context;
    size_t dim = s->dim, squares = s->accumulators;
    float difference =
        ISA(glove_score)(word, context, dim) + word[dim] + context[dim] - s->log_count;
    float pull = s->weight * difference;
    if (!glove_finite(pull)) return difference;
    vf pulls = v_set1(pull), rates = v_set1(s->eta);
    vf most = v_set1(GLOVE_CLIP), least = v_set1(-GLOVE_CLIP);
#define GLOVE(d, n)                                                                                \
    {                                                                                              \
        if (d % 16 == 0) {                                                                         \
            __builtin_prefetch(next_word + d, 1, 3);                                               \
            __builtin_prefetch(next_word + squares + d, 1, 3);                                     \
            __builtin_prefetch(next_context + d, 1, 3);                                            \
            __builtin_prefetch(next_context + squares + d, 1, 3);                                  \
        }                                                                                          \
        vf w = v_load_n(word + d, n), c = v_load_n(context + d, n);                                \
        vf ws = v_load_n(word_squares + d, n), cs = v_load_n(context_squares + d, n);              \
        vf wg = v_mul(v_min(v_max(v_mul(pulls, c), least), most), rates);                          \
        vf cg = v_mul(v_min(v_max(v_mul(pulls, w), least), most), rates);                          \
        v_store_n(word + d, v_sub(w, v_mul(wg, ISA(inverse_root)(ws))), n);                        \
        v_store_n(context + d, v_sub(c, v_mul(cg, ISA(inverse_root)(cs))), n);                     \
        v_store_n(word_squares + d, v_fma(wg, wg, ws), n);                                         \
        v_store_n(context_squares + d, v_fma(cg, cg, cs), n);                                      \
    }
    FOR_ROW(dim, GLOVE)
    glove_biases(s, pull);
    return difference;
}
