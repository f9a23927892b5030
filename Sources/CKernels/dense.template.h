// Normalisation, attention and the products of Float32, written once over the vector vocabulary of
// an instruction set.

#define KIND(name) ISA(name##_f32)
#define PER_WORD 1
typedef vf KIND(sum);
typedef int KIND(columns);
INLINE vf KIND(zero)(void) { return v_zero(); }
INLINE vf KIND(word)(const char *p) { return v_set1(*(const float *)p); }
INLINE vf KIND(column)(const uint32_t *p) { return v_load((const float *)p); }
INLINE vf KIND(dot)(vf sum, vf word, vf column) { return v_fma(word, column, sum); }
INLINE size_t KIND(pitch)(const dense_product *p) { return 4 * p->stride; }
INLINE const char *KIND(first)(const dense_product *p, size_t row) {
    return (const char *)((const float *)p->inputs + row * p->stride);
}
INLINE int KIND(columns_at)(const dense_product *p, size_t column) { return 0; }
INLINE vf KIND(value)(const dense_product *p, size_t row, int columns, vf sum) { return sum; }
#include "product.template.h"
#include "maximise.template.h"
#undef KIND
#undef PER_WORD

static void ISA(pack_f32)(const float *weights, size_t columns, size_t depth, void *packed) {
    float *to = packed;
    for (size_t panel = 0; panel < columns; panel += PANEL) {
        for (size_t k = 0; k < depth; k++) {
            for (size_t c = panel; c < panel + PANEL; c++) {
                *to++ = c < columns ? weights[c * depth + k] : 0;
            }
        }
    }
}

// Weights rounded to bf16 and kept as Float32, for CPUs that multiply halves no faster.
static void ISA(pack_half)(const float *weights, size_t columns, size_t depth, void *packed) {
    ISA(pack_f32)(weights, columns, depth, packed);
    float *to = packed;
    const size_t count = dense_panels(columns, PANEL) * PANEL * depth;
    for (size_t i = 0; i < count; i++) {
        uint16_t word;
        bf16_store(&word, 0, to[i]);
        to[i] = bf16_load(&word, 0);
    }
}

static void ISA(layer_norm)(
    const float *x, size_t rows, size_t width, size_t stride, const float *gain,
    const float *shift, float epsilon, float *results, size_t result_stride
) {
    for (size_t row = 0; row < rows; row++, x += stride, results += result_stride) {
        vf sum = v_zero();
        for (size_t i = 0; i < width; i += LANES) {
            sum = v_add(sum, v_load_n(x + i, dense_smaller(LANES, width - i)));
        }
        const float average = v_sum(sum) / (float)width;
        const vf mean = v_set1(average);
        vf squares = v_zero();
        size_t i = 0;
        for (; i + LANES <= width; i += LANES) {
            vf d = v_sub(v_load(x + i), mean);
            squares = v_fma(d, d, squares);
        }
        float variance = v_sum(squares);
        for (; i < width; i++) variance += (x[i] - average) * (x[i] - average);
        const vf factor = v_set1(1 / sqrtf(variance / (float)width + epsilon));
        for (i = 0; i < width; i += LANES) {
            const size_t n = dense_smaller(LANES, width - i);
            vf y = v_mul(v_sub(v_load_n(x + i, n), mean), factor);
            vf base = shift == NULL ? v_zero() : v_load_n(shift + i, n);
            v_store_n(results + i, v_fma(y, v_load_n(gain + i, n), base), n);
        }
    }
}

static void ISA(rms_norm)(
    const float *x, size_t rows, size_t width, size_t stride, size_t groups, const float *gain,
    float epsilon, float *results, size_t result_stride
) {
    const size_t part = width / groups;
    for (size_t item = 0; item < rows * groups; item++) {
        const float *from = x + item / groups * stride + item % groups * part;
        float *to = results + item / groups * result_stride + item % groups * part;
        vf squares = v_zero();
        for (size_t i = 0; i < part; i += LANES) {
            vf y = v_load_n(from + i, dense_smaller(LANES, part - i));
            squares = v_fma(y, y, squares);
        }
        const vf factor = v_set1(1 / sqrtf(v_sum(squares) / (float)part + epsilon));
        for (size_t i = 0; i < part; i += LANES) {
            const size_t n = dense_smaller(LANES, part - i);
            vf y = v_mul(v_load_n(from + i, n), factor);
            v_store_n(to + i, v_mul(y, v_load_n(gain + i, n)), n);
        }
    }
}

// Pairs of one head: x' = x cos - y sin, y' = y cos + x sin.
static void ISA(rotate)(
    float *x, size_t rows, size_t heads, size_t head_width, size_t stride, size_t rotated,
    const float *cosines, const float *sines, int neighbours
) {
    const size_t pairs = rotated / 2;
    for (size_t row = 0; row < rows; row++, cosines += pairs, sines += pairs) {
        for (size_t head = 0; head < heads; head++) {
            float *values = x + row * stride + head * head_width;
            if (neighbours) {
                for (size_t i = 0; i < pairs; i++) {
                    const float a = values[2 * i], b = values[2 * i + 1];
                    values[2 * i] = a * cosines[i] - b * sines[i];
                    values[2 * i + 1] = b * cosines[i] + a * sines[i];
                }
                continue;
            }
            for (size_t i = 0; i < pairs; i += LANES) {
                const size_t n = dense_smaller(LANES, pairs - i);
                vf a = v_load_n(values + i, n), b = v_load_n(values + pairs + i, n);
                vf c = v_load_n(cosines + i, n), s = v_load_n(sines + i, n);
                v_store_n(values + i, v_sub(v_mul(a, c), v_mul(b, s)), n);
                v_store_n(values + pairs + i, v_fma(b, c, v_mul(a, s)), n);
            }
        }
    }
}

static void ISA(activate)(dense_activation activation, float *x, size_t count) {
    ISA(activate_rows)(activation, x, count, 1, count, NULL, x, count);
}

static void ISA(gate)(
    dense_activation activation, float *x, size_t rows, size_t width, size_t stride
) {
#define RUN(kind)                                                                                  \
    for (size_t row = 0; row < rows; row++) {                                                      \
        float *to = x + row * stride;                                                              \
        for (size_t i = 0; i < width; i += LANES) {                                                \
            const size_t n = dense_smaller(LANES, width - i);                                      \
            vf y = v_activate(kind, v_load_n(to + i, n));                              \
            v_store_n(to + i, v_mul(y, v_load_n(to + width + i, n)), n);                          \
        }                                                                                          \
    }
    EACH_ACTIVATION(RUN)
#undef RUN
}

static void ISA(add_scaled)(float *sum, const float *x, float factor, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        const size_t n = dense_smaller(LANES, count - i);
        v_store_n(sum + i, v_fma(v_load_n(x + i, n), v_set1(factor), v_load_n(sum + i, n)), n);
    }
}

static void ISA(maximum)(float *most, const float *x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        const size_t n = dense_smaller(LANES, count - i);
        v_store_n(most + i, v_max(v_load_n(x + i, n), v_load_n(most + i, n)), n);
    }
}

#include "dots.template.h"
#include "maxima.template.h"
#include "softmax.template.h"
#include "attention.template.h"
