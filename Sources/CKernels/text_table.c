// Builds the table from words to numbers, and writes it out in the order of bytes.
#include "text_table.h"

#include <stdlib.h>

text_table *text_table_create(uint64_t seed, size_t expected_entries) {
    size_t slots = 1 << 10;
    if (expected_entries > SIZE_MAX / 256) return NULL;
    while (slots < expected_entries * 2) slots *= 2;
    text_table *table = calloc(1, sizeof *table);
    if (table == NULL) return NULL;
    table->slots = calloc(slots, sizeof(slot));
    if (table->slots == NULL) {
        free(table);
        return NULL;
    }
    table->mask = slots - 1;
    table->seed = seed;
    return table;
}

void text_table_destroy(text_table *table) {
    if (table == NULL) return;
    free(table->slots);
    free(table->arena);
    free(table);
}

size_t text_table_entries(const text_table *table) { return table->entries; }

size_t text_table_word_bytes(const text_table *table) { return table->word_bytes; }

static int grow(text_table *table) {
    if (table->mask >= SIZE_MAX / 4 / sizeof(slot)) return -1;
    size_t mask = table->mask * 2 + 1;
    slot *slots = calloc(mask + 1, sizeof(slot));
    if (slots == NULL) return -1;
    for (size_t old = 0; old <= table->mask; old++) {
        const slot *s = &table->slots[old];
        if (s->value == 0) continue;
        uint64_t hash = s->head;
        if ((s->where & 0xffff) <= INLINE_BYTES) {
            hash = hash_short(s->head, s->tail, table->seed);
        }
        size_t i = hash & mask;
        while (slots[i].value != 0) i = (i + 1) & mask;
        slots[i] = *s;
    }
    free(table->slots);
    table->slots = slots;
    table->mask = mask;
    return 0;
}

// The bytes of a word too long for its slot; its arena offset, or -1.
static int64_t keep_bytes(text_table *table, const uint8_t *bytes, size_t length) {
    if (table->arena_room - table->arena_used < length) {
        size_t room = table->arena_room * 2 + 65536 + length;
        uint8_t *arena = realloc(table->arena, room);
        if (arena == NULL) return -1;
        table->arena = arena;
        table->arena_room = room;
    }
    size_t offset = table->arena_used;
    if (offset >> 47 != 0) return -1;
    memcpy(table->arena + offset, bytes, length);
    table->arena_used += length;
    return (int64_t)offset;
}

int text_table_fill(text_table *table, slot *s, const token *t, uint64_t value) {
    uint64_t where = t->length;
    if (t->length > INLINE_BYTES) {
        int64_t offset = keep_bytes(table, t->bytes, t->length);
        if (offset < 0) return -1;
        where |= (uint64_t)offset << 16;
    }
    *s = (slot){.head = t->head, .tail = t->tail, .value = value, .where = where};
    table->entries++;
    table->word_bytes += t->length;
    return table->entries * 2 > table->mask ? grow(table) : 0;
}

int text_table_insert(text_table *table, const uint8_t *word, size_t length, uint64_t value) {
    if (length > TEXT_WORD_BYTES_MAX || value == 0) return -1;
    token t;
    make_key(&t, word, length, word + length, table->seed);
    slot *s = find_slot(table, &t);
    return s->value != 0 ? 1 : text_table_fill(table, s, &t, value);
}

uint64_t text_table_find(const text_table *table, const uint8_t *word, size_t length) {
    if (length > TEXT_WORD_BYTES_MAX) return 0;
    token t;
    make_key(&t, word, length, word + length, table->seed);
    return find_slot(table, &t)->value;
}

typedef struct sortable {
    uint64_t head, tail;  // the first sixteen bytes, most significant first
    const uint8_t *rest;  // the whole word when it is longer than that
    uint64_t value;
    size_t length;
} sortable;

static int by_bytes(const void *left, const void *right) {
    const sortable *a = left, *b = right;
    if (a->head != b->head) return a->head < b->head ? -1 : 1;
    if (a->tail != b->tail) return a->tail < b->tail ? -1 : 1;
    size_t common = a->length < b->length ? a->length : b->length;
    if (common > INLINE_BYTES) {
        int order = memcmp(a->rest + INLINE_BYTES, b->rest + INLINE_BYTES, common - INLINE_BYTES);
        if (order != 0) return order;
    }
    return (a->length > b->length) - (a->length < b->length);
}

static sortable make_sortable(const text_table *table, const slot *s) {
    sortable item = {.value = s->value, .length = s->where & 0xffff};
    if (item.length > INLINE_BYTES) {
        item.rest = table->arena + (s->where >> 16);
        item.head = __builtin_bswap64(load8(item.rest));
        item.tail = __builtin_bswap64(load8(item.rest + 8));
    } else {
        item.head = __builtin_bswap64(s->head);
        item.tail = __builtin_bswap64(s->tail);
    }
    return item;
}

static void store_word(const sortable *item, uint8_t *out) {
    if (item->length > INLINE_BYTES) {
        memcpy(out, item->rest, item->length);
    } else {
        uint64_t parts[2] = {__builtin_bswap64(item->head), __builtin_bswap64(item->tail)};
        memcpy(out, parts, item->length);
    }
}

int text_table_export(const text_table *table, uint64_t *values, uint64_t *offsets,
                      uint8_t *words) {
    size_t n = 0;
    offsets[0] = 0;
    if (table->entries == 0) return 0;
    sortable *items = malloc(table->entries * sizeof *items);
    if (items == NULL) return -1;
    for (size_t i = 0; i <= table->mask; i++) {
        if (table->slots[i].value != 0) items[n++] = make_sortable(table, &table->slots[i]);
    }
    qsort(items, n, sizeof *items, by_bytes);
    for (size_t i = 0; i < n; i++) {
        values[i] = items[i].value;
        store_word(&items[i], words + offsets[i]);
        offsets[i + 1] = offsets[i] + items[i].length;
    }
    free(items);
    return 0;
}
