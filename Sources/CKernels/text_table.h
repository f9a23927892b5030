// The word table's layout and its hot half, for the files that scan and that build.
#ifndef SOUNDER_TEXT_TABLE_H
#define SOUNDER_TEXT_TABLE_H

#include "text.h"

#include <string.h>

enum { INLINE_BYTES = 16 };

typedef struct slot {
    uint64_t head, tail;  // the word zero-padded, or of a longer word: its hash and 0
    uint64_t value;       // 0: the slot is free
    uint64_t where;       // length, and for longer words the arena offset above 16 bits
} slot;

struct text_table {
    slot *slots;
    size_t mask;  // slots - 1
    size_t entries;
    size_t word_bytes;
    uint8_t *arena;
    size_t arena_used, arena_room;
    uint64_t seed;
};

// A word on its way to the table.
typedef struct token {
    uint64_t head, tail, hash;
    const uint8_t *bytes;
    uint32_t length;  // 0: no token; the end of a sentence, or one that was dropped
} token;

/// Claims a free slot that `find_slot` returned. 0, or -1 when memory is refused.
int text_table_fill(text_table *table, slot *s, const token *t, uint64_t value);

static inline uint64_t load8(const uint8_t *p) {
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

static inline uint64_t fold(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static const uint64_t ODD_A = 0x9e3779b97f4a7c15u, ODD_B = 0xd1b54a32d192ed03u;

static inline uint64_t hash_long(const uint8_t *p, size_t length, uint64_t seed) {
    uint64_t hash = seed ^ length * ODD_A;
    size_t i = 0;
    for (; i + 16 < length; i += 16) hash = fold(load8(p + i) ^ hash, load8(p + i + 8) ^ ODD_B);
    // The last sixteen bytes may overlap the ones before.
    return fold(load8(p + length - 16) ^ hash, load8(p + length - 8) ^ ODD_B ^ seed);
}

static inline uint64_t hash_short(uint64_t head, uint64_t tail, uint64_t seed) {
    return fold(head ^ seed, tail ^ ODD_A ^ (seed << 32 | seed >> 32));
}

static const uint8_t MASKS[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                  255, 255, 255, 255, 255, 255, 255, 255};

// `limit` is the end of readable memory.
static inline void make_key(token *t, const uint8_t *p, size_t length, const uint8_t *limit,
                            uint64_t seed) {
    t->bytes = p;
    t->length = (uint32_t)length;
    if (__builtin_expect(length > INLINE_BYTES, 0)) {
        t->head = t->hash = hash_long(p, length, seed);
        t->tail = 0;
        return;
    }
    if (__builtin_expect(limit - p >= INLINE_BYTES, 1)) {
        const uint8_t *mask = MASKS + INLINE_BYTES - length;
        t->head = load8(p) & load8(mask);
        t->tail = load8(p + 8) & load8(mask + 8);
    } else {
        uint8_t padded[INLINE_BYTES] = {0};
        memcpy(padded, p, length);
        t->head = load8(padded);
        t->tail = load8(padded + 8);
    }
    t->hash = hash_short(t->head, t->tail, seed);
}

static inline int is_word(const text_table *table, const slot *s, const token *t) {
    if (s->head != t->head || s->tail != t->tail) return 0;
    if (t->length <= INLINE_BYTES) return s->where == t->length;
    return (s->where & 0xffff) == t->length
        && memcmp(table->arena + (s->where >> 16), t->bytes, t->length) == 0;
}

static inline slot *find_slot(const text_table *table, const token *t) {
    size_t i = t->hash & table->mask;
    while (table->slots[i].value != 0 && !is_word(table, &table->slots[i], t)) {
        i = (i + 1) & table->mask;
    }
    return &table->slots[i];
}

#endif
