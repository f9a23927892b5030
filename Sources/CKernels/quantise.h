// How weights of one column become bytes, alike for every instruction set.

#ifndef SOUNDER_QUANTISE_H
#define SOUNDER_QUANTISE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

// Symmetric: w = scale q with -127 <= q <= 127.
static inline float quantised_scale(const float *weights, size_t depth) {
    float most = 0;
    for (size_t k = 0; k < depth; k++) most = fmaxf(most, fabsf(weights[k]));
    return most > 0 ? most / 127 : 1;
}

static inline int8_t quantised(float weight, float scale) { return (int8_t)rintf(weight / scale); }

#endif
