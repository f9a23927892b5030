// Counting which words stand near each other, and training GloVe vectors on the counts
// (Pennington, Socher and Manning 2014).

#ifndef SOUNDER_GLOVE_H
#define SOUNDER_GLOVE_H

#include <stddef.h>
#include <stdint.h>

// Counting --------------------------------------------------------------------------------------

enum {
    GLOVE_MAX_WINDOW = 64,
    /// A weight of 1 is 2^20: whole numbers add up to the same in any order.
    GLOVE_UNIT_BITS = 20,
};

/// How often two words stood together. In a table `key` is the pair + 1, and 0 is a free slot.
typedef struct glove_count {
    uint64_t key;               // row << 32 | column
    uint64_t sum;               // in units of 2^-GLOVE_UNIT_BITS
} glove_count;

/// A hash table with linear probing. It takes pairs until `used` reaches `limit`.
typedef struct glove_table {
    glove_count *slots;         // [capacity], zero at first
    size_t capacity;            // below 2^32
    size_t limit;               // at most capacity - 2 * GLOVE_MAX_WINDOW
    size_t used;
} glove_table;

/// A stretch of the id stream that begins where a sentence begins: ids >= 0 are words, -1 ends a
/// sentence.
typedef struct glove_text {
    const int32_t *ids;
    size_t count;
    int32_t vocabulary;
    int32_t window;             // 1...GLOVE_MAX_WINDOW
    /// 1: a pair is one cell, the smaller id its row, which stands for both orders; two occurrences
    /// of one word count twice, as the two orders of any other pair do. 0: the row is the later
    /// word, the column the one to its left.
    int32_t symmetric;
} glove_text;

/// Counts from id `*position` on, each pair of one sentence at distance d <= window with weight
/// 1/d, until the table is full or the text ends; `*position` is then where to go on.
/// Returns 0, or -1 when a setting is out of range or `ids[*position]` is no word.
int glove_count_text(glove_table *table, const glove_text *text, size_t *position);

/// Puts the pairs of `from` into `to`, which is empty and has room for them.
void glove_move(const glove_table *from, glove_table *to);

/// Words are dealt to blocks by the remainder of their ids. The part of a pair is that of its two
/// blocks a >= b, whatever their order: a (a + 1) / 2 + b, below blocks (blocks + 1) / 2.
uint32_t glove_part(uint64_t pair, uint32_t blocks);

/// Empties the table and leaves its `used` pairs (as they are, not + 1) in order of part, row and
/// column; `scratch` has room for `used` of them. Returns `table->slots` or `scratch`, whichever
/// holds the pairs. The other slots of the table are then of no meaning.
const glove_count *glove_sort(glove_table *table, glove_count *scratch, int32_t vocabulary,
                              uint32_t blocks);

// Training --------------------------------------------------------------------------------------

/// A cell of the matrix of counts, as it is trained on.
typedef struct glove_cell {
    uint32_t word;
    uint32_t context;
    float log_count;            // log X
    float weight;               // f(X), eq. 9
} glove_cell;

/// The parameters, shared by all threads without locks. A row is `dim` values, its bias, and at
/// `accumulators` the sums of squares of AdaGrad in the same order.
typedef struct glove_model {
    float *words;               // [vocabulary, stride]
    float *contexts;            // [vocabulary, stride]
    size_t stride;              // floats
    size_t dim;
    size_t accumulators;        // > dim, and accumulators + dim < stride
    int32_t vocabulary;
    float eta;
    /// 1: a cell is trained as (i, j) and, unless they are one word, as (j, i).
    int32_t symmetric;
} glove_model;

typedef struct glove_task {
    const glove_cell *cells;
    size_t count;
    int64_t *cells_done;        // added to about every 10,000 cells, by all threads; may be NULL
    const int64_t *stop;        // training ends soon after this is not zero; may be NULL
} glove_task;

typedef struct glove_result {
    size_t position;            // cells consumed
    int64_t updates;            // trained: up to two a cell
    int64_t skipped;            // updates left out because they were not finite
    double loss_sum;            // of all updates, before each: f(X) (w.w~ + b + b~ - log X)^2 / 2
} glove_result;

/// AdaGrad on each cell in turn, as the authors' program does it (see kernel_glove_step).
/// Returns 0, or -1 when a setting is out of range or `cells[result->position]` names no word.
int glove_train(const glove_model *model, const glove_task *task, glove_result *result);

/// One update of a word's row and a context's row, with g = f(X) (w.w~ + b + b~ - log X):
///     for each value:  s = eta * clip(g * other, ±100);  w <- w - s / sqrt(G);  G <- G + s^2
///     for each bias:   b <- b - g / sqrt(G);  G <- G + g^2
/// The rate is inside G for the values and does not touch the biases: so does the program that the
/// published vectors were made with. 1 / sqrt(G) is exact to 1e-5. Both rows move from where they
/// were. Returns w.w~ + b + b~ - log X; when that is not finite nothing moves.
float kernel_glove_step(float *word, float *context, size_t dim, size_t accumulators,
                        float log_count, float weight, float eta);

#endif
