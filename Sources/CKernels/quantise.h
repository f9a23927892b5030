// How weights of one column become bytes, alike for every instruction set.

#ifndef SOUNDER_QUANTISE_H
#define SOUNDER_QUANTISE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

// Symmetric: w = scale q with -127 <= q <= 127. Returns the scale.
static inline float dense_quantise_column(const float *weights, size_t depth, int8_t *to) {
    float most = 0;
    for (size_t k = 0; k < depth; k++) most = fmaxf(most, fabsf(weights[k]));
    const float scale = most > 0 ? most / 127 : 1;
    for (size_t k = 0; k < depth; k++) to[k] = (int8_t)rintf(weights[k] / scale);
    return scale;
}

#endif
