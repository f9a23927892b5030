// The window kernel of word vectors, written once over the vector vocabulary of an instruction set.
//
// The including file defines `vf`, its operations (v_load, v_store, v_set1, v_zero, v_fma, v_sums,
// v_gradient), LANES, INPUTS (inputs a score block holds in registers: 2 or 4), CHUNKS (vectors of
// each row an update step holds: 1 or 2) and ISA(name).

// Vectors of the only input of a window that stay in registers while the outputs pass by.
#define ONE_CHUNKS 4

// `m` inputs against `k` outputs, with all m * k sums in registers.
INLINE void ISA(score_block)(
    float *const *inputs, const int m, float *const *outputs, const int k, size_t stride,
    float *scores
) {
    vf sums[WORDS_OUTPUT_BLOCK][INPUTS];
    UNROLL for (int j = 0; j < k; j++) {
        UNROLL for (int i = 0; i < INPUTS; i++) sums[j][i] = v_zero();
    }
    for (size_t d = 0; d < stride; d += LANES) {
        vf x[INPUTS];
        UNROLL for (int i = 0; i < m; i++) x[i] = v_load(inputs[i] + d);
        UNROLL for (int j = 0; j < k; j++) {
            vf y = v_load(outputs[j] + d);
            UNROLL for (int i = 0; i < m; i++) sums[j][i] = v_fma(x[i], y, sums[j][i]);
        }
    }
    UNROLL for (int j = 0; j < k; j++) v_sums(sums[j], scores + j * TILE_INPUTS);
}

// Makes the number of inputs a constant.
INLINE void ISA(score_inputs)(
    float *const *inputs, int m, float *const *outputs, const int k, size_t stride, float *scores
) {
#if INPUTS == 2
    for (int i = 0; i < m; i += 2) {
        if (m - i == 1) ISA(score_block)(inputs + i, 1, outputs, k, stride, scores + i);
        else ISA(score_block)(inputs + i, 2, outputs, k, stride, scores + i);
    }
#else
    switch (m) {
    case 1: ISA(score_block)(inputs, 1, outputs, k, stride, scores); break;
    case 2: ISA(score_block)(inputs, 2, outputs, k, stride, scores); break;
    case 3: ISA(score_block)(inputs, 3, outputs, k, stride, scores); break;
    default: ISA(score_block)(inputs, 4, outputs, k, stride, scores); break;
    }
#endif
}

// Where an update stands: one block of outputs over all inputs. `first` is true for the block that
// sees the inputs untouched; `old` then receives them, if there are more blocks to come.
typedef struct ISA(update) {
    float *const *inputs;
    int m;
    float *const *outputs;
    const float *gradients;
    float *old;
    int first;
} ISA(update);

// `chunks` vectors of every row, from dimension d: outputs and their new values live in registers
// while the inputs pass by, each loaded and stored once.
INLINE void ISA(update_step)(
    const ISA(update) *u, const int k, const int chunks, const int blocks, size_t d
) {
    vf y[WORDS_OUTPUT_BLOCK][CHUNKS], sums[WORDS_OUTPUT_BLOCK][CHUNKS];
    UNROLL for (int j = 0; j < k; j++) {
        UNROLL for (int c = 0; c < chunks; c++) {
            sums[j][c] = y[j][c] = v_load(u->outputs[j] + d + c * LANES);
        }
    }
    for (int i = 0; i < u->m; i++) {
        const float *g = u->gradients + (i / TILE_INPUTS) * TILE + i % TILE_INPUTS;
        float *row = u->inputs[i] + d;
        vf x[CHUNKS], moved[CHUNKS];
        UNROLL for (int c = 0; c < chunks; c++) {
            x[c] = moved[c] = v_load(row + c * LANES);
            if (blocks && u->first) v_store(u->old + (i * CHUNKS + c) * LANES, x[c]);
            if (blocks && !u->first) x[c] = v_load(u->old + (i * CHUNKS + c) * LANES);
        }
        UNROLL for (int j = 0; j < k; j++) {
            vf gradient = v_set1(g[j * TILE_INPUTS]);
            UNROLL for (int c = 0; c < chunks; c++) {
                moved[c] = v_fma(gradient, y[j][c], moved[c]);
                sums[j][c] = v_fma(gradient, x[c], sums[j][c]);
            }
        }
        UNROLL for (int c = 0; c < chunks; c++) v_store(row + c * LANES, moved[c]);
    }
    UNROLL for (int j = 0; j < k; j++) {
        UNROLL for (int c = 0; c < chunks; c++) v_store(u->outputs[j] + d + c * LANES, sums[j][c]);
    }
}

// Makes the number of outputs a constant.
#define OUTPUT_CASES(k, call)                                                                      \
    switch (k) {                                                                                   \
    case 1: call(1); break;                                                                        \
    case 2: call(2); break;                                                                        \
    case 3: call(3); break;                                                                        \
    case 4: call(4); break;                                                                        \
    case 5: call(5); break;                                                                        \
    default: call(6); break;                                                                       \
    }

static void ISA(score_window)(const word_window *w, size_t stride, float *scores) {
    for (int j = 0; j < w->output_count; j += WORDS_OUTPUT_BLOCK) {
        for (int i = 0; i < w->input_count; i += TILE_INPUTS, scores += TILE) {
            int m = w->input_count - i;
            if (m > TILE_INPUTS) m = TILE_INPUTS;
#define SCORE(k) ISA(score_inputs)(w->inputs + i, m, w->outputs + j, k, stride, scores)
            OUTPUT_CASES(w->output_count - j, SCORE)
        }
    }
}

// Fetches the next window's rows for writing, a few lines at each step of this one.
INLINE void ISA(prefetch)(const word_window *next, const int floats, size_t d) {
    for (int p = 0; p < next->prefetch_count; p++) {
        UNROLL for (int c = 0; c < floats; c += 16) {
            __builtin_prefetch(next->prefetch[p] + d + c, 1, 3);
        }
    }
}

// All steps of a window with one block of outputs, the usual case.
INLINE void ISA(update_single)(
    const ISA(update) *u, const int k, size_t stride, const word_window *next
) {
    size_t d = 0;
    for (; d + CHUNKS * LANES <= stride; d += CHUNKS * LANES) {
        ISA(prefetch)(next, CHUNKS * LANES, d);
        ISA(update_step)(u, k, CHUNKS, 0, d);
    }
    for (; d < stride; d += LANES) {
        ISA(prefetch)(next, CHUNKS * LANES, d);
        ISA(update_step)(u, k, 1, 0, d);
    }
}

static void ISA(update_blocks)(
    const word_window *w, const word_window *next, size_t stride, const float *gradients
) {
    _Alignas(64) float old[WORDS_MAX_INPUTS * CHUNKS * LANES];
    size_t tiles = (size_t)tile_count(w->input_count, TILE_INPUTS);
    for (size_t d = 0; d < stride; d += CHUNKS * LANES) {
        ISA(prefetch)(next, CHUNKS * LANES, d);
        for (int j = 0; j < w->output_count; j += WORDS_OUTPUT_BLOCK) {
            ISA(update) u = {
                w->inputs, w->input_count, w->outputs + j,
                gradients + (size_t)(j / WORDS_OUTPUT_BLOCK) * tiles * TILE, old, j == 0,
            };
            int k = w->output_count - j;
#define STEP_ALL(k) ISA(update_step)(&u, k, CHUNKS, 1, d)
#define STEP_ONE(k) ISA(update_step)(&u, k, 1, 1, d)
            if (d + CHUNKS * LANES <= stride) OUTPUT_CASES(k, STEP_ALL)
            else OUTPUT_CASES(k, STEP_ONE)
        }
    }
}

// `chunks` vectors of a single input and of every output, from dimension d. Its gradients stand
// TILE_INPUTS apart.
INLINE void ISA(update_one_step)(
    const word_window *w, const float *gradients, const int chunks, size_t d
) {
    vf x[ONE_CHUNKS], moved[ONE_CHUNKS];
    UNROLL for (int c = 0; c < chunks; c++) {
        x[c] = moved[c] = v_load(w->inputs[0] + d + c * LANES);
    }
    for (int j = 0; j < w->output_count; j++) {
        vf gradient = v_set1(gradients[j * TILE_INPUTS]);
        float *row = w->outputs[j] + d;
        UNROLL for (int c = 0; c < chunks; c++) {
            vf y = v_load(row + c * LANES);
            moved[c] = v_fma(gradient, y, moved[c]);
            v_store(row + c * LANES, v_fma(gradient, x[c], y));
        }
    }
    UNROLL for (int c = 0; c < chunks; c++) v_store(w->inputs[0] + d + c * LANES, moved[c]);
}

static void ISA(update_one)(
    const word_window *w, const word_window *next, size_t stride, const float *gradients
) {
    size_t d = 0;
    for (; d + ONE_CHUNKS * LANES <= stride; d += ONE_CHUNKS * LANES) {
        ISA(prefetch)(next, ONE_CHUNKS * LANES, d);
        ISA(update_one_step)(w, gradients, ONE_CHUNKS, d);
    }
    for (; d < stride; d += LANES) {
        ISA(prefetch)(next, LANES, d);
        ISA(update_one_step)(w, gradients, 1, d);
    }
}

static void ISA(window)(
    const word_window *w, const word_window *next, size_t stride, float alpha, word_scratch *s
) {
    static const word_window none;
    int tiles = tile_count(w->input_count, TILE_INPUTS);
    int count = tiles * tile_count(w->output_count, WORDS_OUTPUT_BLOCK) * TILE;
    if (next == NULL) next = &none;
    ISA(score_window)(w, stride, s->scores);
    for (int n = 0; n < count; n += LANES) {
        v_store(s->gradients + n, v_mul(v_set1(-alpha), v_sigmoid(v_load(s->scores + n))));
    }
    add_labels(w, alpha, s->gradients);
    if (w->input_count == 1) {
        ISA(update_one)(w, next, stride, s->gradients);
        return;
    }
    if (w->output_count > WORDS_OUTPUT_BLOCK) {
        ISA(update_blocks)(w, next, stride, s->gradients);
        return;
    }
    ISA(update) u = {w->inputs, w->input_count, w->outputs, s->gradients, NULL, 1};
#define SINGLE(k) ISA(update_single)(&u, k, stride, next)
    OUTPUT_CASES(w->output_count, SINGLE)
}
