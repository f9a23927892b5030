// The arithmetic of transformer encoders on rows of Float32: products with packed weights,
// attention over one document, normalisation, activations. One thread a call; rows never influence
// each other, so that a row's result does not depend on what it is computed beside.

#ifndef SOUNDER_DENSE_H
#define SOUNDER_DENSE_H

#include <stddef.h>
#include <stdint.h>

// The arithmetic of a product. Results are Float32 in all of them.
typedef enum dense_precision {
    DENSE_F32 = 0,
    // weights and inputs of 16 bits, in the form that this CPU multiplies fastest
    DENSE_HALF = 1,
    // weights of 8 bits with a scale a column, inputs of 8 bits with a scale and an offset a row
    DENSE_INT8 = 2,
    // the same with 7 bits of each where this CPU multiplies those faster; without stored bytes
    DENSE_INT8_REDUCED = 3,
} dense_precision;

typedef enum dense_activation {
    DENSE_IDENTITY = 0,
    // x Φ(x)
    DENSE_GELU = 1,
    // its approximation by tanh
    DENSE_GELU_TANH = 2,
    DENSE_SILU = 3,
    DENSE_RELU = 4,
    DENSE_TANH = 5,
} dense_activation;

// The instruction sets of products that this CPU has, best first: "avx512fp16", "avx512bf16",
// "avx512vnni", "avx512", "avx2", "neondotprod", "neon", "scalar"; NULL past the last.
const char *dense_isa_name(int index);
// The one in use. Selecting is for tests, before anything is packed: packed weights fit one only.
const char *dense_isa_current(void);
int dense_select_in_thread(const char *name);

// Bytes of packed weights [columns, depth], and of `rows` converted inputs of `depth`.
size_t dense_packed_bytes(dense_precision precision, size_t columns, size_t depth);
size_t dense_input_bytes(dense_precision precision, size_t rows, size_t depth);

// Packs weights [columns, depth], row-major as checkpoints have them, for products with rows of
// `depth`. `packed` is aligned to 64 bytes.
void dense_pack(dense_precision precision, const float *weights, size_t columns, size_t depth,
                void *packed);

// Converts rows [rows, depth] at `stride` floats to the inputs of products; f32 needs none.
void dense_convert(dense_precision precision, const float *x, size_t rows, size_t depth,
                   size_t stride, void *inputs);

// y = activation(x Wᵀ + bias) + residual, [rows, columns].
typedef struct dense_product {
    size_t rows;
    size_t columns;
    size_t depth;
    // f32: rows at `stride` floats; other precisions: what dense_convert made
    const void *inputs;
    size_t stride;
    const void *packed;
    // [columns], or NULL
    const float *bias;
    dense_activation activation;
    // [rows, columns] at `result_stride`, or NULL; may be `results`
    const float *residual;
    float *results;
    size_t result_stride;
    // of stored bytes alone: what they are multiplied with
    float scale;
} dense_product;

void dense_multiply(dense_precision precision, const dense_product *product);

// Rows of stored bytes at `stride`, each 128 + q with -127 <= q <= 127 for the number scale q, as
// inputs of int8 products; nothing is rounded.
void dense_load_bytes(const uint8_t *bytes, size_t rows, size_t depth, size_t stride, float scale,
                      void *inputs);

// table[code] for every code of rows [rows, depth]. A code has 2, 4 or 8 bits, the first of a byte
// in the lowest; a row takes whole bytes. The table has 1 << bits entries and room for 16.
void dense_look_up(const uint8_t *codes, size_t rows, size_t depth, int bits,
                   const uint8_t *table, uint8_t *bytes);

// maxima[c] = max(maxima[c], factors[r] (table[places[r]][c] + products[r][c])) over all rows: what
// MaxSim takes of the products of one document's tokens with those of a query (Khattab and Zaharia
// 2020, section 3.3). A NaN is passed over.
typedef struct dense_maxima {
    size_t rows;
    size_t columns;
    // [rows, columns] at `stride`, or NULL for zeros
    const float *products;
    size_t stride;
    // [rows], or NULL for ones
    const float *factors;
    // [.., columns] at `table_stride`, of which rows are added; or NULL
    const float *table;
    size_t table_stride;
    const uint16_t *places;
    // [columns]
    float *maxima;
    // bytes that are wanted after this and may be fetched meanwhile, or NULL
    const void *next;
    size_t next_bytes;
} dense_maxima;

void dense_maximise(const dense_maxima *maxima);
// The same of the products of rows with packed weights, which need not be stored: of `product` the
// rows, columns, depth, inputs, stride and packed weights count, and its results [rows, columns]
// are scratch memory. `products` and `stride` of `maxima` do not count.
void dense_maximise_products(dense_precision precision, const dense_product *product,
                             const dense_maxima *maxima);
// The same of stored bytes [rows, depth] at `stride` of the product, as dense_load_bytes takes
// them, with its `scale`; `inputs` is room for their dense_input_bytes.
void dense_maximise_bytes(const dense_product *product, const dense_maxima *maxima, void *inputs);
// The first place of the greatest number; 0 when there is none.
size_t dense_greatest(const float *x, size_t count);
// scores[i] = query · row i, of `count` rows of `depth` numbers one behind the other: Float32, or
// bf16 words. The query is not rounded.
void dense_dots(const float *query, const void *rows, int is_bf16, size_t count, size_t depth,
                float *scores);

// Attention of one document over itself, all heads (Vaswani et al. 2017, section 3.2).
typedef struct dense_attention {
    // tokens of the document
    size_t count;
    // those that are looked at, the first of them: count, or fewer where the others only look
    size_t key_count;
    size_t heads;
    // heads of keys and values; each serves heads / key_heads of the queries'
    size_t key_heads;
    size_t head_width;
    // [count, heads * head_width] at their strides; keys and values with key_heads
    const float *queries;
    const float *keys;
    const float *values;
    size_t query_stride;
    size_t key_stride;
    // factor of the products, 1 / sqrt(head_width) as a rule
    float scale;
    // token i looks at j with i - before <= j <= i + after; at none of them, its result is zero
    size_t before;
    size_t after;
    // added to the scores, [heads, 2 * bias_span + 1] by j - i + bias_span, clamped; or NULL
    const float *bias;
    size_t bias_span;
    float *results;
    size_t result_stride;
    // of dense_attention_scratch floats
    float *scratch;
} dense_attention;

size_t dense_attention_scratch(size_t count, size_t head_width);
void dense_attend(const dense_attention *attention);

// In place, a row at a time: (x - mean) / sqrt(variance + epsilon) * gain + shift
// (Ba et al. 2016); `shift` may be NULL.
void dense_layer_norm(float *x, size_t rows, size_t width, size_t stride, const float *gain,
                      const float *shift, float epsilon);
// x / sqrt(mean square + epsilon) * gain (Zhang and Sennrich 2019), from `x` to `results`; `group`
// parts of a row are normalised each by itself, with one gain of width / group.
void dense_rms_norm(const float *x, size_t rows, size_t width, size_t stride, size_t groups,
                    const float *gain, float epsilon, float *results, size_t result_stride);
// Layer normalisation from `x` to `results`.
void dense_layer_norm_to(const float *x, size_t rows, size_t width, size_t stride,
                         const float *gain, const float *shift, float epsilon, float *results,
                         size_t result_stride);

void dense_activate(dense_activation activation, float *x, size_t count);
// x[0..<width] = activation(x[0..<width]) * x[width..<2 width] of every row at `stride`.
void dense_gate(dense_activation activation, float *x, size_t rows, size_t width, size_t stride);
// Rotates pairs of the first `rotated` values of each head by the angles of the token's position:
// cosines and sines are [rows, rotated / 2]. Halves pair i with i + rotated / 2, otherwise
// neighbours pair (Su et al. 2021).
void dense_rotate(float *x, size_t rows, size_t heads, size_t head_width, size_t stride,
                  size_t rotated, const float *cosines, const float *sines, int neighbours);
// sum += x
void dense_add(float *sum, const float *x, size_t count);
// sum += factor * x
void dense_add_scaled(float *sum, const float *x, float factor, size_t count);
void dense_scale(float *x, float factor, size_t count);
// maximum = max(maximum, x)
void dense_maximum(float *maximum, const float *x, size_t count);
// bf16 and f16 words to Float32.
void dense_widen_bf16(const void *words, float *x, size_t count);
void dense_widen_f16(const void *words, float *x, size_t count);
// Whether all values are finite.
int dense_all_finite(const float *x, size_t count);

#endif
