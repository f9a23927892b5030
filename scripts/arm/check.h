// Random numbers and comparisons for the programs that try the kernels of another CPU.

#ifndef SOUNDER_CHECK_H
#define SOUNDER_CHECK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t check_state = 0x9E3779B97F4A7C15u;
static int check_failures, check_cases;

static inline uint64_t check_random(void) {
    check_state ^= check_state << 13;
    check_state ^= check_state >> 7;
    check_state ^= check_state << 17;
    return check_state * 0x2545F4914F6CDD1Du;
}

static inline void check_fill(float *x, size_t count, float low, float high) {
    for (size_t i = 0; i < count; i++) {
        x[i] = low + (high - low) * (float)(check_random() >> 40) / (float)(1 << 24);
    }
}

// `count` numbers, aligned as rows are, zeros behind them up to the next 64 bytes.
static inline float *check_floats(size_t count, float low, float high) {
    float *x = aligned_alloc(64, (count * 4 + 127) / 64 * 64);
    memset(x, 0, (count * 4 + 127) / 64 * 64);
    check_fill(x, count, low, high);
    return x;
}

static inline float *check_copy(const float *x, size_t count) {
    float *copy = check_floats(count, 0, 0);
    memcpy(copy, x, count * 4);
    return copy;
}

// A limit of 0 wants the same bits.
static inline void check_close(
    const char *what, const float *found, const float *expected, size_t count, float limit,
    const char *isa, size_t a, size_t b, size_t c
) {
    check_cases++;
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        const float difference = fabsf(found[i] - expected[i]);
        if (!(difference <= most)) most = difference;
    }
    const int differs = limit == 0 ? memcmp(found, expected, count * 4) != 0 : !(most <= limit);
    if (!differs) return;
    check_failures++;
    printf("%s of %s at [%zu, %zu, %zu] differs by %g\n", what, isa, a, b, c, (double)most);
}

static inline void check_true(const char *what, int holds, const char *isa, size_t a) {
    check_cases++;
    if (holds) return;
    check_failures++;
    printf("%s of %s fails at %zu\n", what, isa, a);
}

static inline int check_end(const char *what) {
    printf("%s: %d comparisons, %d failures\n", what, check_cases, check_failures);
    return check_failures > 0 || check_cases == 0;
}

#endif
