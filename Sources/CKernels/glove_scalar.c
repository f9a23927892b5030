// The step of GloVe in plain C: the oracle of the vector versions.

#include <math.h>

#include "glove_step.h"

static float clipped(float x) { return fminf(fmaxf(x, -GLOVE_CLIP), GLOVE_CLIP); }

float glove_step_scalar(const glove_step *s) {
    float *word = s->word, *context = s->context;
    double score = 0;
    for (size_t d = 0; d < s->dim; d++) score += (double)word[d] * context[d];
    float difference = (float)score + word[s->dim] + context[s->dim] - s->log_count;
    float pull = s->weight * difference;
    if (!glove_finite(pull)) return difference;
    for (size_t d = 0; d < s->dim; d++) {
        float *word_squares = word + s->accumulators, *context_squares = context + s->accumulators;
        float word_step = s->eta * clipped(pull * context[d]);
        float context_step = s->eta * clipped(pull * word[d]);
        word[d] -= word_step / sqrtf(word_squares[d]);
        context[d] -= context_step / sqrtf(context_squares[d]);
        word_squares[d] += word_step * word_step;
        context_squares[d] += context_step * context_step;
    }
    glove_biases(s, pull);
    return difference;
}
