// Counts pairs of words that stand near each other, in a hash table of bounded size.

#include <string.h>

#include "glove.h"

uint32_t glove_part(uint64_t pair, uint32_t blocks) {
    uint32_t a = (uint32_t)(pair >> 32) % blocks, b = (uint32_t)pair % blocks;
    return a >= b ? a * (a + 1) / 2 + b : b * (b + 1) / 2 + a;
}

// Where the search for a key begins.
static size_t slot_of(const glove_table *table, uint64_t key) {
    uint64_t mixed = key * 0x9E3779B97F4A7C15u;
    mixed ^= mixed >> 29;
    return (size_t)(((mixed * 0xBF58476D1CE4E5B9u >> 32) * table->capacity) >> 32);
}

static void add(glove_table *table, size_t slot, uint64_t key, uint64_t weight) {
    glove_count *slots = table->slots;
    while (slots[slot].key != key) {
        if (slots[slot].key == 0) {
            slots[slot].key = key;
            table->used++;
            break;
        }
        if (++slot == table->capacity) slot = 0;
    }
    slots[slot].sum += weight;
}

// The pairs of one word with those to its left; their slots are on the way into the cache.
typedef struct pending {
    int count;
    uint64_t keys[GLOVE_MAX_WINDOW];
    size_t slots[GLOVE_MAX_WINDOW];
    uint64_t weights[GLOVE_MAX_WINDOW];
} pending;

static uint64_t pair_of(const glove_text *text, uint64_t word, uint64_t left) {
    if (text->symmetric && word > left) return left << 32 | word;
    return word << 32 | left;
}

static void look_left(
    const glove_table *table, const glove_text *text, const uint64_t *weights, size_t position,
    int reach, pending *p
) {
    const int32_t *here = text->ids + position;
    p->count = reach;
    for (int d = 1; d <= reach; d++) {
        uint64_t key = pair_of(text, (uint32_t)here[0], (uint32_t)here[-d]) + 1;
        p->keys[d - 1] = key;
        p->slots[d - 1] = slot_of(table, key);
        p->weights[d - 1] = weights[d] << (text->symmetric && here[0] == here[-d]);
        __builtin_prefetch(&table->slots[p->slots[d - 1]], 1, 3);
    }
}

static void add_all(glove_table *table, const pending *p) {
    for (int k = 0; k < p->count; k++) add(table, p->slots[k], p->keys[k], p->weights[k]);
}

static int settings_valid(const glove_table *table, const glove_text *text) {
    return text->vocabulary > 0 && text->window >= 1 && text->window <= GLOVE_MAX_WINDOW
        && table->capacity >> 32 == 0 && table->capacity > 2 * GLOVE_MAX_WINDOW
        && table->limit <= table->capacity - 2 * GLOVE_MAX_WINDOW;
}

int glove_count_text(glove_table *table, const glove_text *text, size_t *position) {
    if (!settings_valid(table, text)) return -1;
    uint64_t weights[GLOVE_MAX_WINDOW + 1];
    for (int d = 1; d <= text->window; d++) {
        weights[d] = ((UINT64_C(2) << GLOVE_UNIT_BITS) / (uint64_t)d + 1) / 2;
    }
    pending both[2] = {{.count = 0}, {.count = 0}};
    size_t here = *position;
    // words of this sentence to the left, as many as the window reaches
    int reach = 0;
    const int32_t *left = text->ids + here;
    while (reach < text->window && (size_t)reach < here && *--left >= 0) reach++;
    int code = 0;
    for (; here < text->count && table->used < table->limit; here++) {
        int32_t id = text->ids[here];
        if (id < -1 || id >= text->vocabulary) {
            code = -1;
            break;
        }
        pending *now = &both[here & 1];
        look_left(table, text, weights, here, id < 0 ? 0 : reach, now);
        add_all(table, &both[~here & 1]);
        both[~here & 1].count = 0;
        reach = id < 0 ? 0 : reach < text->window ? reach + 1 : reach;
    }
    add_all(table, &both[0]);
    add_all(table, &both[1]);
    *position = here;
    return code;
}

void glove_move(const glove_table *from, glove_table *to) {
    for (size_t slot = 0; slot < from->capacity; slot++) {
        const glove_count *pair = &from->slots[slot];
        if (pair->key != 0) add(to, slot_of(to, pair->key), pair->key, pair->sum);
    }
}

// One pass of a radix sort, by `bits` of the key from `shift` on.
enum { DIGIT_BITS = 11 };

static void sort_pass(const glove_count *from, glove_count *to, size_t count, int shift) {
    size_t begins[1 << DIGIT_BITS] = {0};
    uint64_t mask = (1 << DIGIT_BITS) - 1;
    for (size_t k = 0; k < count; k++) begins[from[k].key >> shift & mask]++;
    size_t sum = 0;
    for (size_t digit = 0; digit <= mask; digit++) {
        size_t here = begins[digit];
        begins[digit] = sum;
        sum += here;
    }
    for (size_t k = 0; k < count; k++) to[begins[from[k].key >> shift & mask]++] = from[k];
}

// The same by the part.
enum { BLOCKS_MAX = 64, PARTS_MAX = BLOCKS_MAX * (BLOCKS_MAX + 1) / 2 };

static void sort_parts(const glove_count *from, glove_count *to, size_t count, uint32_t blocks) {
    size_t begins[PARTS_MAX] = {0};
    for (size_t k = 0; k < count; k++) begins[glove_part(from[k].key, blocks)]++;
    size_t sum = 0;
    for (uint32_t part = 0; part < blocks * (blocks + 1) / 2; part++) {
        size_t here = begins[part];
        begins[part] = sum;
        sum += here;
    }
    for (size_t k = 0; k < count; k++) to[begins[glove_part(from[k].key, blocks)]++] = from[k];
}

static void gather(glove_table *table) {
    size_t to = 0;
    for (size_t slot = 0; slot < table->capacity; slot++) {
        if (table->slots[slot].key == 0) continue;
        table->slots[to] = table->slots[slot];
        table->slots[to++].key--;
    }
}

const glove_count *glove_sort(
    glove_table *table, glove_count *scratch, int32_t vocabulary, uint32_t blocks
) {
    size_t count = table->used;
    gather(table);
    table->used = 0;
    glove_count *from = table->slots, *to = scratch;
    int bits = 1;
    while (bits < 31 && (vocabulary - 1) >> bits != 0) bits++;
    for (int half = 0; half <= 32; half += 32) {
        for (int shift = 0; shift < bits; shift += DIGIT_BITS) {
            sort_pass(from, to, count, half + shift);
            glove_count *swap = from;
            from = to;
            to = swap;
        }
    }
    if (blocks <= 1 || blocks > BLOCKS_MAX) return from;
    sort_parts(from, to, count, blocks);
    return to;
}
