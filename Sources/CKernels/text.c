// Splits text into tokens sixty-four bytes at a time and looks them up in batches, so that the
// memory accesses of one batch overlap. Little-endian machines only, as the whole data plane.
#include "text_table.h"

#include <stdlib.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { GROUP = 64, BATCH = 32 };

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
    int tells_overlong;  // the sink is told of dropped tokens, too
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

// A token of length 0: `head` tells the end of a sentence from a token that was dropped.
enum { SENTENCE_END = 0, DROPPED = 1 };

static inline int push_mark(scan *s, uint64_t mark) {
    s->batch[s->filled].length = 0;
    s->batch[s->filled].head = mark;
    return push(s);
}

static inline int end_token(scan *s, const uint8_t *start, const uint8_t *end) {
    size_t length = (size_t)(end - start);
    if (__builtin_expect(length > TEXT_TOKEN_BYTES_MAX, 0)
        || __builtin_expect(end == s->limit && s->continues_after, 0)) {
        s->totals->overlong++;
        return s->tells_overlong ? push_mark(s, DROPPED) : 0;
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
            if ((m.newlines & bit) && push_mark(s, SENTENCE_END) != 0) return -1;
        }
    }
    if (start != NULL && end_token(s, start, bytes + count) != 0) return -1;
    if (push_mark(s, SENTENCE_END) != 0) return -1;
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
            if (t->head == DROPPED) continue;
            c->totals->sentences += c->sentence_tokens != 0;
            c->sentence_tokens = 0;
            continue;
        }
        c->sentence_tokens++;
        slot *s = find_slot(c->table, t);
        if (__builtin_expect(s->value != 0, 1)) {
            s->value++;
        } else if (text_table_fill(c->table, s, t, 1) != 0) {
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

// MARK: counting pairs

// A word may have grown to three times its bytes by what replaced them.
enum { WORD_BYTES_MAX = 3 * TEXT_TOKEN_BYTES_MAX, PAIR_BYTES_MAX = 2 * WORD_BYTES_MAX + 1 };

typedef struct pair_counting {
    counting words;
    size_t previous_length;  // 0: the next word is the first of its sentence
    uint8_t previous[WORD_BYTES_MAX];
    uint8_t keys[BATCH * PAIR_BYTES_MAX];
} pair_counting;

// Lays "previous word" out at `out`; how many bytes it takes.
static size_t make_pair(uint8_t *out, const uint8_t *previous, size_t length, const token *t) {
    memcpy(out, previous, length);
    out[length] = ' ';
    memcpy(out + length + 1, t->bytes, t->length);
    return length + 1 + t->length;
}

static int count_pair_batch(void *context, const token *tokens, size_t count) {
    pair_counting *c = context;
    text_table *table = c->words.table;
    if (count_batch(&c->words, tokens, count) != 0) return -1;
    token pairs[BATCH];
    size_t filled = 0, used = 0;
    const uint8_t *previous = c->previous;
    size_t length = c->previous_length;
    for (size_t i = 0; i < count; i++) {
        const token *t = &tokens[i];
        if (t->length != 0 && length != 0) {
            uint8_t *key = c->keys + used;
            size_t bytes = make_pair(key, previous, length, t);
            make_key(&pairs[filled], key, bytes, c->keys + sizeof c->keys, table->seed);
            __builtin_prefetch(&table->slots[pairs[filled].hash & table->mask]);
            filled++;
            used += bytes;
        }
        previous = t->bytes;
        length = t->length;
    }
    // What the last token points to may be gone when the next batch comes.
    if (length != 0 && previous != c->previous) memcpy(c->previous, previous, length);
    c->previous_length = length;
    for (size_t i = 0; i < filled; i++) {
        slot *s = find_slot(table, &pairs[i]);
        if (s->value != 0) {
            s->value++;
        } else if (text_table_fill(table, s, &pairs[i], 1) != 0) {
            return -1;
        }
    }
    return 0;
}

int text_count_pairs(text_table *table, const uint8_t *bytes, size_t count, int edges,
                     text_totals *totals) {
    pair_counting *context = malloc(sizeof *context);
    if (context == NULL) return -1;
    context->words = (counting){.table = table, .totals = totals};
    context->previous_length = 0;
    scan s = {.table = table, .totals = totals, .sink = count_pair_batch, .context = context,
              .tells_overlong = 1};
    int status = run(&s, bytes, count, edges);
    free(context);
    return status;
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
