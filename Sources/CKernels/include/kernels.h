// The whole boundary of the C kernels: every function another module may call, one prototype each.

#ifndef SOUNDER_KERNELS_H
#define SOUNDER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Choosing an instruction set -------------------------------------------------------------------

/// Name of the kernels in use: "avx512", "avx2", "neon" or "scalar".
const char *kernels_isa_name(void);

/// Switches the whole process to one set of kernels; call it before threads use them.
/// Returns 0, or -1 when the name is unknown or this CPU lacks the instructions.
int kernels_select(const char *name);

/// The same for the calling thread alone, as tests want that compare two sets of kernels; NULL
/// returns to the choice of the process.
int kernels_select_in_thread(const char *name);

// Counters and flags shared between threads -----------------------------------------------------

/// Relaxed atomic read, addition and write of a counter another thread may be changing.
int64_t kernels_counter_load(const int64_t *counter);
void kernels_counter_add(int64_t *counter, int64_t amount);
void kernels_counter_store(int64_t *counter, int64_t value);

// Rows ------------------------------------------------------------------------------------------
// `count` is the number of values; nothing past it is read or written. Pointers to bf16 values
// are little-endian 16-bit words and need no alignment. "Greatest magnitude" is returned as the
// bits of a float32: any result >= KERNELS_NOT_FINITE means a NaN, an infinity, or a magnitude
// that becomes infinite as bf16.

#define KERNELS_NOT_FINITE 0x7F7F8000u

/// 1 when some value of `live - base` is not zero after rounding to bf16 (or is NaN), else 0.
int kernel_delta_changed(const float *live, const float *base, size_t count);

/// delta = bf16(live - base), round to nearest even. Returns the greatest |live - base|.
uint32_t kernel_delta_bf16(const float *live, const float *base, void *delta, size_t count);

/// Greatest magnitude among `count` bf16 values, as float32 bits.
uint32_t kernel_max_abs_bf16(const void *values, size_t count);

/// sum += factor * values. With factor 1 each addition rounds once, so every ISA gives the same
/// bits. Returns the greatest magnitude of the new sums.
uint32_t kernel_axpy_bf16(float factor, const void *values, float *sum, size_t count);

/// One row of an outer Nesterov step. With d = delta, v = velocity:
///     v <- momentum * v + d;  step = bf16(rate * (d + momentum * v));
///     parameters <- parameters + step
/// `delta` may be NULL for zero. Returns the greatest magnitude among the new velocities, the
/// steps and the new parameters; `*velocity_bits` gets that of the velocities alone.
uint32_t kernel_nesterov_row(
    const float *delta, float *velocity, float *parameters, void *step, size_t count,
    float momentum, float rate, uint32_t *velocity_bits);

/// values = (row - base) / scale as int8, round to nearest even, where scale is the greatest
/// |row - base| / 127; `base` may be NULL for zero. Returns the greatest |row - base|. Where that
/// is below 2^-100, or not finite, scale and values are 0.
uint32_t kernel_row_to_int8(
    const float *row, const float *base, void *values, size_t count, float *scale);

/// sum += factor * values, of int8; each addition rounds once, so every ISA gives the same bits.
/// Returns the greatest magnitude of the new sums.
uint32_t kernel_axpy_int8(float factor, const void *values, float *sum, size_t count);

/// The outer Nesterov step of a row before it is rounded: `kernel_nesterov_row` without what
/// follows. `step` may be `delta`. Returns the greatest magnitude of the new velocities.
uint32_t kernel_nesterov_pull(
    const float *delta, float *velocity, float *step, size_t count, float momentum, float rate);

/// Scales a row to unit length and returns the length it had. A zero row stays as it is.
float kernel_normalise_row(float *row, size_t count);

/// scores[i * rows + j] = dot(query i, row j) over `count` values; consecutive queries and rows
/// are `query_stride` and `row_stride` floats apart.
void kernel_scores_f32(
    const float *queries, size_t query_count, size_t query_stride,
    const float *rows, size_t row_count, size_t row_stride, size_t count, float *scores);

// Training word vectors -------------------------------------------------------------------------

enum {
    /// Greatest window radius, and so 2 * 64 inputs in a window.
    WORDS_MAX_RADIUS = 64,
    WORDS_MAX_INPUTS = 2 * WORDS_MAX_RADIUS,
    /// Outputs of a window: the centre and up to 63 negatives, say.
    WORDS_MAX_OUTPUTS = 64,
    /// Inner nodes between the root of a Huffman tree and a word, as in word2vec.
    WORDS_MAX_PATH = 40,
    /// Draws that stand for the negatives of a centre with a bag.
    WORDS_MAX_SHARED = 40,
    /// A longer run of kept words is cut into several sentences.
    WORDS_MAX_SENTENCE = 10000,
    /// Outputs that one pass over the dimension holds in registers.
    WORDS_OUTPUT_BLOCK = 6,
};

/// Greatest absolute error of the sigmoid used in the vector kernels.
#define WORDS_SIGMOID_ERROR 3e-7f

/// One step of gradient descent of the logistic regression of every input row against every output
/// row (Mikolov et al. 2013, eq. 4). Of weights[j] examples of output j, targets[j] have label 1:
///     score[i][j] = in[i] . out[j];  g[i][j] = alpha * (targets[j] - weights[j] * sigmoid(score))
///     in[i] += sum_j g[i][j] out[j];  out[j] += sum_i g[i][j] in[i]
/// both updates from the rows as they were. A row that stands twice among the inputs takes both
/// updates, and its second occurrence sees the first one within a block of outputs; output rows
/// must differ. `stride` is a multiple of 16, rows are 64-byte aligned, and padding zeros stay
/// zero. `weights` may be NULL for ones. When `loss` is not NULL, the negative log-likelihood
/// before the step is added to it.
/// Returns 0, or -1 when a count is out of range (nothing is touched then).
int kernel_word_window(
    float *const *inputs, int input_count, float *const *outputs, int output_count,
    const float *targets, const float *weights, size_t stride, float alpha, double *loss);

/// mean = sum over r of shares[r] * row rows[r] of `matrix`; `shares` may be NULL for 1 / count.
/// Rows are `stride` floats, a multiple of 16, and 64-byte aligned, as `mean` is.
void kernel_mean_rows(
    const float *matrix, size_t stride, const int32_t *rows, const float *shares, size_t count,
    float *mean);

/// Adds moved - before to each of `count` rows of `matrix`, and twice to one that stands there
/// twice. Strides and alignment as above.
void kernel_add_to_rows(
    float *matrix, size_t stride, const int32_t *rows, size_t count, const float *moved,
    const float *before);

/// One column of an alias table (Vose 1991): draw a column evenly and a 32-bit coin; take the
/// column itself if coin <= threshold, else `alias`.
typedef struct alias_column {
    uint32_t threshold;
    uint32_t alias;
} alias_column;

/// The column for a 64-bit draw: its upper half picks a column (by multiplication, without a
/// division), its lower half is the coin.
static inline uint32_t alias_draw(const alias_column *columns, uint32_t count, uint64_t draw) {
    uint32_t column = (uint32_t)(((draw >> 32) * count) >> 32);
    // no branch: coins cannot be predicted
    uint32_t other = column ^ columns[column].alias;
    return column ^ (other & (0u - ((uint32_t)draw > columns[column].threshold)));
}

/// The parameters, shared by all threads without locks, and the settings of a training.
typedef struct word_model {
    float *inputs;              // [vocabulary or rows of the bags, stride]
    float *outputs;             // [vocabulary or inner nodes, stride]
    size_t stride;              // floats, a multiple of 16
    int32_t vocabulary;
    int32_t window;             // 1...WORDS_MAX_RADIUS
    int32_t cbow;               // 1: the mean of a context predicts its centre; 0: skip-gram
    int32_t negative;           // 0..<WORDS_MAX_OUTPUTS
    int32_t shared;             // draws that stand for the negatives of a centre with a bag
    const uint32_t *keep;       // [vocabulary]: kept if a 32-bit draw <= keep; NULL keeps all
    const alias_column *alias;  // [vocabulary]: distribution of the negatives

    // The Huffman tree: nodes path_offsets[w]..<path_offsets[w + 1] lead from the root to word w,
    // at most WORDS_MAX_PATH of them. All NULL for negative sampling.
    const int64_t *path_offsets;    // [vocabulary + 1]
    const int32_t *path_nodes;      // rows of `outputs`
    const uint8_t *path_codes;      // 0 or 1: the branch taken; label 1 stands for branch 0

    // Bags: rows bag_offsets[w]..<bag_offsets[w + 1] of `inputs`, at least one, whose mean is the
    // vector of word w. Both NULL when row w is.
    const int64_t *bag_offsets;     // [vocabulary + 1]
    const int32_t *bag_rows;
} word_model;

/// One thread's work: a stretch of the id stream. Ids >= 0 are words, -1 ends a sentence.
typedef struct word_task {
    const int32_t *ids;
    size_t count;
    float alpha;                // rate at progress 0
    double progress_begin;      // share of the whole training done before this stretch,
    double progress_end;        // and after it; the rate falls linearly, not below alpha / 10000
    uint64_t seed;
    int64_t *words_done;        // added to about every 10,000 words, by all threads; may be NULL
    const int64_t *stop;        // training ends soon after this is not zero; may be NULL
} word_task;

/// What a call has done. Words count those that subsampling dropped.
typedef struct word_result {
    int64_t words;
    int64_t trained;            // centres trained on
    size_t position;            // ids consumed
    double loss_sum;            // of a sample of windows, in nats
    int64_t loss_count;         // predictions in that sample: pairs, or centres with CBOW
} word_result;

enum {
    WORDS_TRAINED = 0,
    WORDS_REFUSED = -1,         // a setting is out of range, or `ids[result->position]` is no word
    WORDS_OUT_OF_MEMORY = -2,
};

/// Trains on one stretch: subsampling, windows of random radius, Hogwild updates. Returns one of
/// the codes above.
///
/// Skip-gram predicts the centre from each word of its context, and the negatives are shared by
/// the window; with CBOW every centre has its own. With bags it is as in fastText: the bag of
/// the centre predicts each word of the context, and `shared` draws are weighted to count as
/// `negative` for each of these.
int words_train(const word_model *model, const word_task *task, word_result *result);

#ifdef __cplusplus
}
#endif

#endif
