// The generator of training: xoshiro256++ (Blackman and Vigna, 2019), seeded through splitmix64.

#ifndef SOUNDER_KERNELS_RANDOM_H
#define SOUNDER_KERNELS_RANDOM_H

#include <stdint.h>

typedef struct random_state {
    uint64_t s[4];
} random_state;

static inline uint64_t rotate_left(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline random_state random_seeded(uint64_t seed) {
    random_state r;
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        r.s[i] = z ^ (z >> 31);
    }
    return r;
}

static inline uint64_t random_next(random_state *r) {
    uint64_t *s = r->s;
    uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

// 0..<bound from the upper half of a draw, by multiplication instead of division.
static inline uint32_t random_below(uint64_t draw, uint32_t bound) {
    return (uint32_t)(((draw >> 32) * bound) >> 32);
}

#endif
