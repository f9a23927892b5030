// bfloat16 words one at a time, and magnitudes compared as bits so that NaN counts as greatest.

#ifndef SOUNDER_KERNELS_BF16_H
#define SOUNDER_KERNELS_BF16_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Half the least bf16 subnormal: this magnitude and less round to zero (a tie goes to even).
#define BF16_ROUNDS_TO_ZERO 0x8000u

static inline uint32_t float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float bits_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t magnitude_bits(float x) { return float_bits(x) & 0x7FFFFFFFu; }

static inline uint32_t greater(uint32_t a, uint32_t b) { return a > b ? a : b; }

static inline float bf16_load(const void *values, size_t index) {
    uint16_t word;
    memcpy(&word, (const char *)values + 2 * index, sizeof word);
    return bits_float((uint32_t)word << 16);
}

// Round to nearest, ties to even. A NaN may lose its nature: callers look at magnitudes for that.
static inline void bf16_store(void *values, size_t index, float x) {
    uint32_t bits = float_bits(x);
    uint16_t word = (uint16_t)((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
    memcpy((char *)values + 2 * index, &word, sizeof word);
}

#endif
