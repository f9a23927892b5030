// Splits text into tokens sixty-four bytes at a time and looks them up in batches, so that the
// memory accesses of one batch overlap. Little-endian machines only, as the whole data plane.
#include "text.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { INLINE_BYTES = 16, GROUP = 64, BATCH = 32 };

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

typedef struct token {
    uint64_t head, tail, hash;
    const uint8_t *bytes;
    uint32_t length;  // 0: the end of a sentence
} token;

// MARK: keys

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

static uint64_t hash_long(const uint8_t *p, size_t length, uint64_t seed) {
    uint64_t hash = seed ^ length * ODD_A;
    size_t i = 0;
    for (; i + 16 < length; i += 16) hash = fold(load8(p + i) ^ hash, load8(p + i + 8) ^ ODD_B);
    // The last sixteen bytes may overlap the ones before.
    return fold(load8(p + length - 16) ^ hash, load8(p + length - 8) ^ ODD_B ^ seed);
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
    t->hash = fold(t->head ^ seed, t->tail ^ ODD_A ^ (seed << 32 | seed >> 32));
}

// MARK: table

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
            hash = fold(s->head ^ table->seed,
                        s->tail ^ ODD_A ^ (table->seed << 32 | table->seed >> 32));
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

static int fill_slot(text_table *table, slot *s, const token *t, uint64_t value) {
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
    return s->value != 0 ? 1 : fill_slot(table, s, &t, value);
}

uint64_t text_table_find(const text_table *table, const uint8_t *word, size_t length) {
    if (length > TEXT_WORD_BYTES_MAX) return 0;
    token t;
    make_key(&t, word, length, word + length, table->seed);
    return find_slot(table, &t)->value;
}

// MARK: UTF-8

// Length of the well-formed sequence at `p`, or minus the length of its maximal invalid subpart
// (Unicode Standard, section 3.9, table 3-7 and "U+FFFD substitution of maximal subparts").
static int sequence(const uint8_t *p, const uint8_t *end) {
    uint8_t lead = p[0];
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4) return -1;
    int length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    for (int i = 1; i < length; i++) {
        if (p + i >= end || p[i] < low || p[i] > high) return -i;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

static int is_utf8(const uint8_t *p, const uint8_t *end) {
    while (p < end) {
        int n = sequence(p, end);
        if (n < 0) return 0;
        p += n;
    }
    return 1;
}

static size_t replace_invalid(const uint8_t *p, const uint8_t *end, uint8_t *out) {
    size_t n = 0;
    while (p < end) {
        int length = sequence(p, end);
        if (length > 0) {
            memcpy(out + n, p, (size_t)length);
            n += (size_t)length;
            p += length;
        } else {
            memcpy(out + n, "\xef\xbf\xbd", 3);
            n += 3;
            p -= length;
        }
    }
    return n;
}

static int is_ascii(const token *t) {
    const uint64_t tops = 0x8080808080808080u;
    if (t->length <= INLINE_BYTES) return ((t->head | t->tail) & tops) == 0;
    uint64_t seen = load8(t->bytes + t->length - 8);
    for (size_t i = 0; i + 8 < t->length; i += 8) seen |= load8(t->bytes + i);
    return (seen & tops) == 0;
}

// MARK: scanning

typedef struct masks {
    uint64_t separators;  // space, \t \n \v \f \r and NUL
    uint64_t newlines;    // \n and \r
} masks;

#if defined(__SSE2__)
static inline masks classify(const uint8_t *p) {
    masks m = {0, 0};
    for (int i = 0; i < 4; i++) {
        __m128i c = _mm_loadu_si128((const __m128i *)(p + 16 * i));
        __m128i shifted = _mm_sub_epi8(c, _mm_set1_epi8(9));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(4)), shifted);
        __m128i blank = _mm_or_si128(_mm_cmpeq_epi8(c, _mm_set1_epi8(' ')),
                                     _mm_cmpeq_epi8(c, _mm_setzero_si128()));
        __m128i line = _mm_or_si128(_mm_cmpeq_epi8(c, _mm_set1_epi8('\n')),
                                    _mm_cmpeq_epi8(c, _mm_set1_epi8('\r')));
        uint64_t separators = (uint32_t)_mm_movemask_epi8(_mm_or_si128(control, blank));
        uint64_t newlines = (uint32_t)_mm_movemask_epi8(line);
        m.separators |= separators << (16 * i);
        m.newlines |= newlines << (16 * i);
    }
    return m;
}
#elif defined(__aarch64__)
static inline uint64_t gather_bits(const uint8x16_t *lanes) {
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t weight = vld1q_u8(weights);
    uint8x16_t low = vpaddq_u8(vandq_u8(lanes[0], weight), vandq_u8(lanes[1], weight));
    uint8x16_t high = vpaddq_u8(vandq_u8(lanes[2], weight), vandq_u8(lanes[3], weight));
    uint8x16_t sums = vpaddq_u8(low, high);
    sums = vpaddq_u8(sums, sums);
    return vgetq_lane_u64(vreinterpretq_u64_u8(sums), 0);
}

static inline masks classify(const uint8_t *p) {
    uint8x16_t separators[4], newlines[4];
    for (int i = 0; i < 4; i++) {
        uint8x16_t c = vld1q_u8(p + 16 * i);
        uint8x16_t control = vcleq_u8(vsubq_u8(c, vdupq_n_u8(9)), vdupq_n_u8(4));
        uint8x16_t blank = vorrq_u8(vceqq_u8(c, vdupq_n_u8(' ')), vceqzq_u8(c));
        separators[i] = vorrq_u8(control, blank);
        newlines[i] = vorrq_u8(vceqq_u8(c, vdupq_n_u8('\n')), vceqq_u8(c, vdupq_n_u8('\r')));
    }
    return (masks){gather_bits(separators), gather_bits(newlines)};
}
#else
static inline masks classify(const uint8_t *p) {
    masks m = {0, 0};
    for (int i = 0; i < GROUP; i++) {
        uint8_t c = p[i];
        m.separators |= (uint64_t)(c == ' ' || c == 0 || (c >= 9 && c <= 13)) << i;
        m.newlines |= (uint64_t)(c == '\n' || c == '\r') << i;
    }
    return m;
}
#endif

// Takes a batch of tokens in order; -1 stops the scan.
typedef int (*batch_sink)(void *context, const token *tokens, size_t count);

typedef struct scan {
    const text_table *table;
    const uint8_t *limit;
    int continues_after;
    text_totals *totals;
    batch_sink sink;
    void *context;
    size_t filled;
    token batch[BATCH];
} scan;

static inline int push(scan *s) {
    if (++s->filled < BATCH) return 0;
    s->filled = 0;
    return s->sink(s->context, s->batch, BATCH);
}

static int flush(scan *s) {
    size_t filled = s->filled;
    s->filled = 0;
    return s->sink(s->context, s->batch, filled);
}

// The replacement lives on this stack frame, so it is handed over at once.
static int push_replaced(scan *s, const uint8_t *start, const uint8_t *end) {
    uint8_t replaced[TEXT_TOKEN_BYTES_MAX * 3];
    size_t length = replace_invalid(start, end, replaced);
    token t;
    make_key(&t, replaced, length, replaced + sizeof replaced, s->table->seed);
    s->totals->replaced++;
    if (flush(s) != 0) return -1;
    return s->sink(s->context, &t, 1);
}

static inline int end_token(scan *s, const uint8_t *start, const uint8_t *end) {
    size_t length = (size_t)(end - start);
    if (__builtin_expect(length > TEXT_TOKEN_BYTES_MAX, 0)
        || __builtin_expect(end == s->limit && s->continues_after, 0)) {
        s->totals->overlong++;
        return 0;
    }
    s->totals->tokens++;
    token *t = &s->batch[s->filled];
    make_key(t, start, length, s->limit, s->table->seed);
    if (__builtin_expect(!is_ascii(t), 0) && !is_utf8(start, end)) {
        return push_replaced(s, start, end);
    }
    __builtin_prefetch(&s->table->slots[t->hash & s->table->mask]);
    return push(s);
}

static inline int end_sentence(scan *s) {
    s->batch[s->filled].length = 0;
    return push(s);
}

static int run(scan *s, const uint8_t *bytes, size_t count, int edges) {
    s->limit = bytes + count;
    s->continues_after = (edges & TEXT_CONTINUES_AFTER) != 0;
    const uint8_t *start = NULL;  // of the token we are in; NULL: in none, or in a skipped one
    uint64_t after_separator = (edges & TEXT_CONTINUES_BEFORE) == 0;
    for (size_t base = 0; base < count; base += GROUP) {
        masks m;
        if (__builtin_expect(count - base >= GROUP, 1)) {
            m = classify(bytes + base);
        } else {
            uint8_t padded[GROUP];
            memset(padded, ' ', GROUP);
            memcpy(padded, bytes + base, count - base);
            m = classify(padded);
        }
        uint64_t changes = m.separators ^ (m.separators << 1 | after_separator);
        after_separator = m.separators >> 63;
        for (uint64_t left = changes | m.newlines; left != 0; left &= left - 1) {
            int i = __builtin_ctzll(left);
            uint64_t bit = left & -left;
            if (!(m.separators & bit)) {
                start = bytes + base + i;
                continue;
            }
            if ((changes & bit) && start != NULL) {
                if (end_token(s, start, bytes + base + i) != 0) return -1;
                start = NULL;
            }
            if ((m.newlines & bit) && end_sentence(s) != 0) return -1;
        }
    }
    if (start != NULL && end_token(s, start, bytes + count) != 0) return -1;
    if (end_sentence(s) != 0) return -1;
    return flush(s);
}

// MARK: counting

typedef struct counting {
    text_table *table;
    text_totals *totals;
    uint64_t sentence_tokens;
} counting;

static int count_batch(void *context, const token *tokens, size_t count) {
    counting *c = context;
    for (size_t i = 0; i < count; i++) {
        const token *t = &tokens[i];
        if (t->length == 0) {
            c->totals->sentences += c->sentence_tokens != 0;
            c->sentence_tokens = 0;
            continue;
        }
        c->sentence_tokens++;
        slot *s = find_slot(c->table, t);
        if (__builtin_expect(s->value != 0, 1)) {
            s->value++;
        } else if (fill_slot(c->table, s, t, 1) != 0) {
            return -1;
        }
    }
    return 0;
}

int text_count(text_table *table, const uint8_t *bytes, size_t count, int edges,
               text_totals *totals) {
    counting context = {.table = table, .totals = totals};
    scan s = {.table = table, .totals = totals, .sink = count_batch, .context = &context};
    return run(&s, bytes, count, edges);
}

// MARK: encoding

typedef struct encoding {
    const text_table *table;
    text_totals *totals;
    int32_t *ids;
    size_t written, sentence_start;
} encoding;

static int encode_batch(void *context, const token *tokens, size_t count) {
    encoding *e = context;
    for (size_t i = 0; i < count; i++) {
        const token *t = &tokens[i];
        if (t->length != 0) {
            uint64_t value = find_slot(e->table, t)->value;
            e->ids[e->written] = (int32_t)value - 1;
            e->written += value != 0;
        } else if (e->written != e->sentence_start) {
            e->ids[e->written++] = -1;
            e->sentence_start = e->written;
            e->totals->sentences++;
        }
    }
    return 0;
}

size_t text_encode(const text_table *table, const uint8_t *bytes, size_t count, int edges,
                   int32_t *ids, text_totals *totals) {
    encoding context = {.table = table, .totals = totals, .ids = ids};
    scan s = {.table = table, .totals = totals, .sink = encode_batch, .context = &context};
    run(&s, bytes, count, edges);
    return context.written;
}

// MARK: export

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
