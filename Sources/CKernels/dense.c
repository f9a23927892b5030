// Chooses the dense kernels of this CPU at run time and forwards the public functions to them.

#include "include/dense.h"

#include <math.h>
#include <string.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "bf16.h"
#include "dense_table.h"

enum { LEVELS_MAX = 7 };

typedef struct levels {
    dense_table tables[LEVELS_MAX];
    int count;
} levels;

static void add(levels *known, const char *name, dense_table table) {
    table.name = name;
    known->tables[known->count++] = table;
}

// Worst first while they are collected: each level is the one before with something better in it.
static void collect(levels *known) {
    add(known, "scalar", dense_scalar);
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
    dense_table table = dense_avx2;
    table.formats[DENSE_INT8] = dense_int8_avx2;
    table.formats[DENSE_INT8_REDUCED] = dense_int8_reduced_avx2;
    add(known, "avx2", table);
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw")
        || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl")) {
        return;
    }
    table = dense_avx512;
    table.formats[DENSE_INT8] = table.formats[DENSE_INT8_REDUCED] = dense_int8_avx2;
    add(known, "avx512", table);
    if (!__builtin_cpu_supports("avx512vnni")) return;
    table.formats[DENSE_INT8] = table.formats[DENSE_INT8_REDUCED] = dense_int8_avx512_vnni;
    add(known, "avx512vnni", table);
    if (!__builtin_cpu_supports("avx512bf16")) return;
    table.formats[DENSE_HALF] = dense_half_avx512_bf16;
    add(known, "avx512bf16", table);
    if (!__builtin_cpu_supports("avx512fp16")) return;
    table.formats[DENSE_HALF] = dense_half_avx512_fp16;
    add(known, "avx512fp16", table);
#elif defined(__aarch64__)
    add(known, "neon", dense_neon);
    if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) == 0) return;
    dense_table table = dense_neon;
    table.formats[DENSE_INT8] = table.formats[DENSE_INT8_REDUCED] = dense_int8_neon_dotprod;
    add(known, "neondotprod", table);
#endif
}

// Intel's vdpbf16ps has half the throughput of its Float32 multiplication (measured on Sapphire
// Rapids: 89 against 170 GFLOP/s a core), AMD's has twice that.
static int is_worth_using(const dense_table *table) {
#if defined(__x86_64__)
    if (strcmp(table->name, "avx512bf16") == 0) return __builtin_cpu_is("amd");
#endif
    return 1;
}

static levels all;
static int all_are_known;
static _Thread_local const dense_table *selected;

// Threads that race to fill this in store the same bytes, and see the flag after them.
static const levels *every(void) {
    if (!__atomic_load_n(&all_are_known, __ATOMIC_ACQUIRE)) {
        levels known = {.count = 0};
        collect(&known);
        all = known;
        __atomic_store_n(&all_are_known, 1, __ATOMIC_RELEASE);
    }
    return &all;
}

static const dense_table *current(void) {
    if (selected != NULL) return selected;
    const levels *known = every();
    for (int i = known->count - 1; i > 0; i--) {
        if (is_worth_using(&known->tables[i])) return &known->tables[i];
    }
    return &known->tables[0];
}

const char *dense_isa_name(int index) {
    const levels *known = every();
    return index < 0 || index >= known->count ? NULL : known->tables[known->count - 1 - index].name;
}

const char *dense_isa_current(void) { return current()->name; }

int dense_select_in_thread(const char *name) {
    selected = NULL;
    if (name == NULL) return 0;
    const levels *known = every();
    for (int i = 0; i < known->count; i++) {
        if (strcmp(known->tables[i].name, name) == 0) selected = &known->tables[i];
    }
    return selected == NULL ? -1 : 0;
}

size_t dense_packed_bytes(dense_precision precision, size_t columns, size_t depth) {
    const dense_format *format = &current()->formats[precision];
    const size_t padded = dense_panels(columns, format->panel) * format->panel;
    const size_t words = dense_words(depth, format->weights_per_word);
    return padded * (4 * words + format->column_extras * sizeof(float));
}

size_t dense_input_bytes(dense_precision precision, size_t rows, size_t depth) {
    const dense_format *format = &current()->formats[precision];
    return format->convert == NULL ? 0 : rows * dense_row_bytes(format, depth);
}

void dense_pack(
    dense_precision precision, const float *weights, size_t columns, size_t depth, void *packed
) {
    current()->formats[precision].pack(weights, columns, depth, packed);
}

void dense_convert(
    dense_precision precision, const float *x, size_t rows, size_t depth, size_t stride,
    void *inputs
) {
    current()->formats[precision].convert(x, rows, depth, stride, inputs);
}

void dense_multiply(dense_precision precision, const dense_product *product) {
    current()->formats[precision].multiply(product);
}

void dense_load_bytes(
    const uint8_t *bytes, size_t rows, size_t depth, size_t stride, float scale, void *inputs
) {
    current()->formats[DENSE_INT8].load(bytes, rows, depth, stride, scale, inputs);
}

void dense_look_up(
    const uint8_t *codes, size_t rows, size_t depth, int bits, const uint8_t *table,
    uint8_t *bytes
) {
    current()->look_up(codes, rows, depth, bits, table, bytes);
}

void dense_maximise(const dense_maxima *maxima) { current()->maximise(maxima); }

static void maximise_stored(
    const dense_format *format, const dense_product *product, const dense_maxima *maxima
) {
    format->multiply(product);
    dense_maxima stored = *maxima;
    stored.products = product->results;
    stored.stride = product->result_stride;
    current()->maximise(&stored);
}

void dense_maximise_products(
    dense_precision precision, const dense_product *product, const dense_maxima *maxima
) {
    const dense_format *format = &current()->formats[precision];
    if (format->maximise != NULL) format->maximise(product, maxima);
    else maximise_stored(format, product, maxima);
}

void dense_maximise_bytes(const dense_product *product, const dense_maxima *maxima, void *inputs) {
    const dense_format *format = &current()->formats[DENSE_INT8];
    const size_t depth = product->depth;
    // whole words are read
    if (format->maximise_bytes != NULL && depth % format->inputs_per_word == 0) {
        format->maximise_bytes(product, maxima);
        return;
    }
    format->load(product->inputs, product->rows, depth, product->stride, product->scale, inputs);
    dense_product loaded = *product;
    loaded.inputs = inputs;
    dense_maximise_products(DENSE_INT8, &loaded, maxima);
}

size_t dense_greatest(const float *x, size_t count) { return current()->greatest(x, count); }

void dense_dots(
    const float *query, const void *rows, int is_bf16, size_t count, size_t depth, float *scores
) {
    current()->dots(query, rows, is_bf16, count, depth, scores);
}

size_t dense_attention_scratch(size_t count, size_t head_width) {
    const size_t tokens = dense_panels(count, DENSE_PANEL_MAX) * DENSE_PANEL_MAX;
    const size_t width = dense_panels(head_width, DENSE_PANEL_MAX) * DENSE_PANEL_MAX;
    return tokens * head_width + width * count + DENSE_ROWS_MAX * tokens;
}

void dense_attend(const dense_attention *attention) { current()->attend(attention); }

void dense_layer_norm(
    float *x, size_t rows, size_t width, size_t stride, const float *gain, const float *shift,
    float epsilon
) {
    current()->layer_norm(x, rows, width, stride, gain, shift, epsilon, x, stride);
}

void dense_layer_norm_to(
    const float *x, size_t rows, size_t width, size_t stride, const float *gain,
    const float *shift, float epsilon, float *results, size_t result_stride
) {
    current()->layer_norm(
        x, rows, width, stride, gain, shift, epsilon, results, result_stride);
}

void dense_rms_norm(
    const float *x, size_t rows, size_t width, size_t stride, size_t groups, const float *gain,
    float epsilon, float *results, size_t result_stride
) {
    current()->rms_norm(
        x, rows, width, stride, groups, gain, epsilon, results, result_stride);
}

void dense_activate(dense_activation activation, float *x, size_t count) {
    current()->activate(activation, x, count);
}

void dense_gate(
    dense_activation activation, float *x, size_t rows, size_t width, size_t stride
) {
    current()->gate(activation, x, rows, width, stride);
}

void dense_rotate(
    float *x, size_t rows, size_t heads, size_t head_width, size_t stride, size_t rotated,
    const float *cosines, const float *sines, int neighbours
) {
    current()->rotate(
        x, rows, heads, head_width, stride, rotated, cosines, sines, neighbours);
}

void dense_add(float *sum, const float *x, size_t count) {
    current()->add_scaled(sum, x, 1, count);
}

void dense_add_scaled(float *sum, const float *x, float factor, size_t count) {
    current()->add_scaled(sum, x, factor, count);
}

void dense_scale(float *x, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

void dense_maximum(float *maximum, const float *x, size_t count) {
    current()->maximum(maximum, x, count);
}

void dense_widen_bf16(const void *words, float *x, size_t count) {
    current()->widen_bf16(words, x, count);
}

void dense_widen_f16(const void *words, float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, (const char *)words + 2 * i, sizeof half);
        const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
        const uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
        if (exponent == 31) {
            x[i] = bits_float(sign | 0x7F800000u | fraction << 13);
        } else if (exponent > 0) {
            x[i] = bits_float(sign | (exponent + 112) << 23 | fraction << 13);
        } else {
            const float tiny = (float)fraction * 0x1p-24f;
            x[i] = sign ? -tiny : tiny;
        }
    }
}

int dense_all_finite(const float *x, size_t count) {
    uint32_t greatest = 0;
    for (size_t i = 0; i < count; i++) greatest = greater(greatest, magnitude_bits(x[i]));
    return greatest < 0x7F800000u;
}
