// What the steps of GloVe share among instruction sets.

#ifndef SOUNDER_GLOVE_STEP_H
#define SOUNDER_GLOVE_STEP_H

#include <stddef.h>

#include "glove.h"

#define GLOVE_CLIP 100.0f

typedef struct glove_step {
    float *word;
    float *context;
    // rows of a step to come, which are fetched meanwhile
    const float *next_word;
    const float *next_context;
    size_t dim;
    size_t accumulators;
    float log_count;
    float weight;
    float eta;
} glove_step;

static inline int glove_finite(float x) { return x - x == 0; }

static inline void glove_biases(const glove_step *s, float pull) {
    float *word = s->word + s->dim, *context = s->context + s->dim;
    word[0] -= pull / __builtin_sqrtf(word[s->accumulators]);
    context[0] -= pull / __builtin_sqrtf(context[s->accumulators]);
    word[s->accumulators] += pull * pull;
    context[s->accumulators] += pull * pull;
}

float glove_step_scalar(const glove_step *step);

#endif
