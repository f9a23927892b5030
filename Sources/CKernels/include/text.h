// Hot loops over text: splitting bytes into tokens, counting them, and turning them into ids.
#ifndef SOUNDER_TEXT_H
#define SOUNDER_TEXT_H

#include <stddef.h>
#include <stdint.h>

/// A longer token is dropped and counted in `text_totals.overlong`.
enum { TEXT_TOKEN_BYTES_MAX = 1024 };

/// Words given to `text_table_insert` and `text_table_find` may be this long.
enum { TEXT_WORD_BYTES_MAX = 65535 };

/// What lies just outside a range of text. A token belongs to the range in which it starts: with
/// `BEFORE` the first bytes end a token that began earlier and are skipped; with `AFTER` the last
/// token goes on beyond the range, which happens to overlong tokens only.
enum { TEXT_CONTINUES_BEFORE = 1, TEXT_CONTINUES_AFTER = 2 };

/// Added to, never reset, by `text_count`, `text_count_pairs` and `text_encode`.
typedef struct text_totals {
    uint64_t tokens;     ///< accepted tokens, in the vocabulary or not
    uint64_t sentences;  ///< sentences that have a token (count) or a known word (encode)
    uint64_t overlong;   ///< tokens longer than TEXT_TOKEN_BYTES_MAX
    uint64_t replaced;   ///< tokens whose invalid UTF-8 was replaced by U+FFFD
} text_totals;

/// Word bytes → a number of at least 1 (a count, or an id plus one). Open addressing; words of at
/// most 16 bytes live in their slot. One thread at a time, except for the const functions.
typedef struct text_table text_table;

/// - seed: random, so that nobody can prepare words that collide. NULL when memory is refused.
text_table *text_table_create(uint64_t seed, size_t expected_entries);
void text_table_destroy(text_table *table);
size_t text_table_entries(const text_table *table);

/// 0: inserted; 1: the word was there already and keeps its value; -1: out of memory or too long.
int text_table_insert(text_table *table, const uint8_t *word, size_t length, uint64_t value);

/// The value of the word, 0 when it is not there.
uint64_t text_table_find(const text_table *table, const uint8_t *word, size_t length);

/// Counts the tokens of `bytes` into the table. 0, or -1 when memory is refused.
int text_count(text_table *table, const uint8_t *bytes, size_t count, int edges,
               text_totals *totals);

/// Counts the tokens as `text_count` does, and every two tokens that follow each other in a
/// sentence, without a dropped one between them, as the word "first second" with one blank.
int text_count_pairs(text_table *table, const uint8_t *bytes, size_t count, int edges,
                     text_totals *totals);

/// Writes ids (value - 1) of the tokens found in the table, and -1 after every sentence that has
/// one. `ids` has room for `count + 2` numbers. Returns how many were written.
size_t text_encode(const text_table *table, const uint8_t *bytes, size_t count, int edges,
                   int32_t *ids, text_totals *totals);

/// Bytes of all words together.
size_t text_table_word_bytes(const text_table *table);

/// Writes words in ascending order of bytes: `values[n]`, `offsets[n + 1]`, then the bytes of the
/// words. 0, or -1 when memory is refused.
int text_table_export(const text_table *table, uint64_t *values, uint64_t *offsets,
                      uint8_t *words);

#endif
