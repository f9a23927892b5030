// XXH3-64 of libxxhash, with its run-time choice of instruction set where it has one (x86-64).
#ifndef SOUNDER_CXXHASH_SHIM_H
#define SOUNDER_CXXHASH_SHIM_H

#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

static inline uint64_t cxxhash_xxh3_64(const void *bytes, size_t count) {
    return XXH3_64bits(bytes, count);
}

static inline uint64_t cxxhash_xxh3_64_seeded(const void *bytes, size_t count, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes, count, seed);
}

/// NULL when memory is short.
static inline void *cxxhash_open(void) {
    XXH3_state_t *state = XXH3_createState();
    if (state != NULL) XXH3_64bits_reset(state);
    return state;
}

static inline void cxxhash_reset(void *state) { XXH3_64bits_reset((XXH3_state_t *)state); }

static inline void cxxhash_update(void *state, const void *bytes, size_t count) {
    XXH3_64bits_update((XXH3_state_t *)state, bytes, count);
}

static inline uint64_t cxxhash_digest(const void *state) {
    return XXH3_64bits_digest((const XXH3_state_t *)state);
}

static inline void cxxhash_close(void *state) { XXH3_freeState((XXH3_state_t *)state); }

#endif
