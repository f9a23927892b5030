// What every instruction set implements, and the layout of a window's scores they share.

#ifndef SOUNDER_KERNELS_TABLE_H
#define SOUNDER_KERNELS_TABLE_H

#include "glove_step.h"
#include "kernels.h"

// Scores and gradients of a window stand in tiles of 6 outputs x 4 inputs: value (i, j) is at
// tile (j / 6, i / 4), inside it at (j % 6) * 4 + i % 4. A tile is whole vectors for every ISA.
enum {
    TILE_INPUTS = 4,
    TILE = WORDS_OUTPUT_BLOCK * TILE_INPUTS,
    MAX_INPUT_TILES = WORDS_MAX_INPUTS / TILE_INPUTS,
    MAX_OUTPUT_TILES = (WORDS_MAX_OUTPUTS + WORDS_OUTPUT_BLOCK - 1) / WORDS_OUTPUT_BLOCK,
    // sigmoid runs over whole vectors, so there is room for one past the last tile
    MAX_SCORES = MAX_INPUT_TILES * MAX_OUTPUT_TILES * TILE + 16,
    MAX_PREFETCH = WORDS_MAX_INPUTS + WORDS_MAX_OUTPUTS,
};

typedef struct word_window {
    float *inputs[WORDS_MAX_INPUTS];
    float *outputs[WORDS_MAX_OUTPUTS];
    // of weights[j] examples that output j makes with each input, targets[j] have label 1
    float targets[WORDS_MAX_OUTPUTS];
    float weights[WORDS_MAX_OUTPUTS];
    int weighted;               // whether some weight is not 1; if none is, they are not read
    int input_count;
    int output_count;
    // rows the next windows will want in cache
    int prefetch_count;
    const float *prefetch[MAX_PREFETCH];
} word_window;

typedef struct word_scratch {
    _Alignas(64) float scores[MAX_SCORES];
    _Alignas(64) float gradients[MAX_SCORES];
} word_scratch;

static inline int tile_count(int count, int size) { return (count + size - 1) / size; }

// Where the score of input i and output j stands.
static inline size_t score_index(int i, int j, int input_tiles) {
    int tile = (j / WORDS_OUTPUT_BLOCK) * input_tiles + i / TILE_INPUTS;
    return (size_t)tile * TILE + (size_t)(j % WORDS_OUTPUT_BLOCK) * TILE_INPUTS + i % TILE_INPUTS;
}

// Turns -alpha * sigmoid into alpha * (target - weight * sigmoid).
static inline void add_labels(const word_window *w, float alpha, float *gradients) {
    int tiles = tile_count(w->input_count, TILE_INPUTS);
    for (int j = 0; j < w->output_count; j++) {
        if (w->weighted) {
            for (int i = 0; i < w->input_count; i++) {
                gradients[score_index(i, j, tiles)] *= w->weights[j];
            }
        }
        if (w->targets[j] == 0) continue;
        float pull = alpha * w->targets[j];
        for (int i = 0; i < w->input_count; i++) gradients[score_index(i, j, tiles)] += pull;
    }
}

typedef struct kernel_table {
    const char *name;
    // `next` is the window whose rows are prefetched meanwhile; NULL for none
    void (*window)(const word_window *, const word_window *next, size_t stride, float alpha,
                   word_scratch *);
    void (*mean_rows)(const float *, size_t, const int32_t *, const float *, size_t, float *);
    void (*add_to_rows)(float *, size_t, const int32_t *, size_t, const float *, const float *);
    int (*delta_changed)(const float *, const float *, size_t);
    uint32_t (*delta_bf16)(const float *, const float *, void *, size_t);
    uint32_t (*max_abs_bf16)(const void *, size_t);
    uint32_t (*axpy_bf16)(float, const void *, float *, size_t);
    uint32_t (*nesterov_row)(const float *, float *, float *, void *, size_t, float, float,
                             uint32_t *);
    uint32_t (*row_to_int8)(const float *, const float *, void *, size_t, float *);
    uint32_t (*axpy_int8)(float, const void *, float *, size_t);
    uint32_t (*nesterov_pull)(const float *, float *, float *, size_t, float, float);
    float (*normalise_row)(float *, size_t);
    void (*scores_f32)(const float *, size_t, size_t, const float *, size_t, size_t, size_t,
                       float *);
    float (*glove_step)(const glove_step *);
} kernel_table;

extern const kernel_table kernels_scalar;
#if defined(__x86_64__)
extern const kernel_table kernels_avx2;
extern const kernel_table kernels_avx512;
#elif defined(__aarch64__)
extern const kernel_table kernels_neon;
#endif

const kernel_table *kernels_current(void);

#endif
