// What every instruction set implements of dense.h, and the layouts that they share.

#ifndef SOUNDER_DENSE_TABLE_H
#define SOUNDER_DENSE_TABLE_H

#include "include/dense.h"

// Tokens that attention takes at once, and columns of a panel of its keys, at most.
enum { DENSE_ROWS_MAX = 12, DENSE_PANEL_MAX = 64 };

// How one precision is multiplied. Converted inputs and packed weights are sequences of 32-bit
// words. Weights stand in panels of `panel` columns, the depth in order. Behind them may stand
// numbers for each column, padded to whole panels: the scales, and for int8 then the sums of the
// weights, where these have an offset behind it.
typedef struct dense_format {
    // values of the depth in a word of inputs, and in a word of one column's weights
    size_t inputs_per_word;
    size_t weights_per_word;
    size_t panel;
    // bytes in front of each converted row: int8 keeps its scale and offset there
    size_t row_header;
    // Float32 numbers kept for each column behind the panels
    size_t column_extras;
    void (*pack)(const float *weights, size_t columns, size_t depth, void *packed);
    void (*convert)(const float *x, size_t rows, size_t depth, size_t stride, void *inputs);
    void (*multiply)(const dense_product *);
    // NULL where products are stored first
    void (*maximise)(const dense_product *, const dense_maxima *);
    // of stored bytes as they are: int8 only, NULL where they are loaded first
    void (*maximise_bytes)(const dense_product *, const dense_maxima *);
    // stored bytes as inputs: int8 only
    void (*load)(const uint8_t *bytes, size_t rows, size_t depth, size_t stride, float scale,
                 void *inputs);
} dense_format;

typedef struct dense_table {
    const char *name;
    dense_format formats[4];
    void (*attend)(const dense_attention *);
    void (*layer_norm)(const float *, size_t, size_t, size_t, const float *, const float *, float,
                       float *, size_t);
    void (*rms_norm)(const float *, size_t, size_t, size_t, size_t, const float *, float, float *,
                     size_t);
    void (*activate)(dense_activation, float *, size_t);
    void (*gate)(dense_activation, float *, size_t, size_t, size_t);
    void (*rotate)(float *, size_t, size_t, size_t, size_t, size_t, const float *, const float *,
                   int);
    void (*add_scaled)(float *, const float *, float, size_t);
    void (*maximum)(float *, const float *, size_t);
    void (*look_up)(const uint8_t *, size_t, size_t, int, const uint8_t *, uint8_t *);
    void (*maximise)(const dense_maxima *);
    void (*widen_bf16)(const void *, float *, size_t);
    size_t (*greatest)(const float *, size_t);
    void (*dots)(const float *, const void *, int, size_t, size_t, float *);
} dense_table;

extern const dense_table dense_scalar;
#if defined(__x86_64__)
extern const dense_table dense_avx2;
extern const dense_table dense_avx512;
extern const dense_format dense_int8_avx2;
extern const dense_format dense_int8_reduced_avx2;
extern const dense_format dense_int8_avx512_vnni;
extern const dense_format dense_half_avx512_bf16;
extern const dense_format dense_half_avx512_fp16;
#elif defined(__aarch64__)
extern const dense_table dense_neon;
extern const dense_format dense_int8_neon_dotprod;
#endif

static inline size_t dense_words(size_t depth, size_t per_word) {
    return (depth + per_word - 1) / per_word;
}

static inline size_t dense_panels(size_t columns, size_t panel) {
    return (columns + panel - 1) / panel;
}

static inline size_t dense_smaller(size_t a, size_t b) { return a < b ? a : b; }

// One code of a row, see dense_look_up.
static inline uint8_t dense_code(const uint8_t *codes, size_t index, int bits) {
    const size_t place = index * (size_t)bits;
    return (uint8_t)(codes[place / 8] >> place % 8 & ((1 << bits) - 1));
}

static inline size_t dense_code_bytes(size_t depth, int bits) {
    return (depth * (size_t)bits + 7) / 8;
}

// Bytes of a converted row, its header included, in whole words.
static inline size_t dense_row_bytes(const dense_format *format, size_t depth) {
    return format->row_header + 4 * dense_words(depth, format->inputs_per_word);
}

// The table of an instruction set without arithmetic of its own for fewer bits: halves are
// multiplied as Float32, bytes by the scalar kernel.
#define DENSE_TABLE(isa, columns)                                                                  \
    {                                                                                              \
        .name = isa,                                                                               \
        .formats =                                                                                 \
            {                                                                                      \
                {1, 1, columns, 0, 0, ISA(pack_f32), NULL, ISA(multiply_f32), ISA(maximise_f32),   \
                 NULL, NULL},                                                                      \
                {1, 1, columns, 0, 0, ISA(pack_half), NULL, ISA(multiply_f32), ISA(maximise_f32),  \
                 NULL, NULL},                                                                      \
                DENSE_INT8_SCALAR,                                                                 \
                DENSE_INT8_SCALAR,                                                                 \
            },                                                                                     \
        .attend = ISA(attend), .layer_norm = ISA(layer_norm), .rms_norm = ISA(rms_norm),           \
        .activate = ISA(activate), .gate = ISA(gate), .rotate = ISA(rotate),                       \
        .add_scaled = ISA(add_scaled), .maximum = ISA(maximum), .look_up = ISA(look_up),           \
        .maximise = ISA(maximise), .widen_bf16 = ISA(widen_bf16), .greatest = ISA(greatest),       \
        .dots = ISA(dots),                                                                         \
    }
#define DENSE_INT8_SCALAR                                                                          \
    {4, 4, 1, 8, 2, dense_pack_int8, dense_convert_int8, dense_multiply_int8, NULL, NULL,          \
     dense_load_int8}

void dense_pack_int8(const float *weights, size_t columns, size_t depth, void *packed);
void dense_convert_int8(const float *x, size_t rows, size_t depth, size_t stride, void *inputs);
void dense_multiply_int8(const dense_product *);
void dense_load_int8(const uint8_t *bytes, size_t rows, size_t depth, size_t stride, float scale,
                     void *inputs);

#endif
