// The specification of the dense kernels: one value at a time, in the plainest way.

#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "quantise.h"

static float activated(dense_activation activation, float x) {
    switch (activation) {
    case DENSE_IDENTITY: return x;
    case DENSE_GELU: return x * 0.5f * erfcf(-x * 0.707106781f);
    case DENSE_GELU_TANH:
        return 0.5f * x * (1 + tanhf(0.797884561f * (x + 0.044715f * x * x * x)));
    case DENSE_SILU: return x / (1 + expf(-x));
    case DENSE_RELU: return x > 0 ? x : 0;
    case DENSE_TANH: return tanhf(x);
    }
    return x;
}

static void activate(dense_activation activation, float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = activated(activation, x[i]);
}

// What follows on the sum of a product.
static void finish(const dense_product *p, size_t row, size_t column, float sum) {
    const size_t place = row * p->result_stride + column;
    float y = activated(p->activation, sum + (p->bias == NULL ? 0 : p->bias[column]));
    p->results[place] = y + (p->residual == NULL ? 0 : p->residual[place]);
}

static void pack_f32(const float *weights, size_t columns, size_t depth, void *packed) {
    memcpy(packed, weights, columns * depth * sizeof *weights);
}

static void pack_half(const float *weights, size_t columns, size_t depth, void *packed) {
    float *to = packed;
    for (size_t i = 0; i < columns * depth; i++) {
        uint16_t word;
        bf16_store(&word, 0, weights[i]);
        to[i] = bf16_load(&word, 0);
    }
}

static void multiply_f32(const dense_product *p) {
    for (size_t row = 0; row < p->rows; row++) {
        const float *x = (const float *)p->inputs + row * p->stride;
        for (size_t column = 0; column < p->columns; column++) {
            const float *weights = (const float *)p->packed + column * p->depth;
            float sum = 0;
            for (size_t k = 0; k < p->depth; k++) sum = fmaf(x[k], weights[k], sum);
            finish(p, row, column, sum);
        }
    }
}

// Symmetric in the weights, a scale a column: w = scale q, -127 <= q <= 127.
void dense_pack_int8(const float *weights, size_t columns, size_t depth, void *packed) {
    const size_t words = dense_words(depth, 4);
    float *scales = (float *)((char *)packed + columns * words * 4), *sums = scales + columns;
    memset(packed, 0, columns * words * 4);
    for (size_t column = 0; column < columns; column++) {
        int8_t *to = (int8_t *)packed + column * words * 4;
        scales[column] = quantised_scale(weights + column * depth, depth);
        int32_t sum = 0;
        for (size_t k = 0; k < depth; k++) {
            to[k] = quantised(weights[column * depth + k], scales[column]);
            sum += to[k];
        }
        sums[column] = (float)sum;
    }
}

// With an offset in the inputs, a scale a row: x = scale (q - offset), 0 <= q <= 255. Zero is
// among the values, so that it is exact.
void dense_convert_int8(const float *x, size_t rows, size_t depth, size_t stride, void *inputs) {
    const size_t pitch = 8 + 4 * dense_words(depth, 4);
    for (size_t row = 0; row < rows; row++, x += stride) {
        char *to = (char *)inputs + row * pitch;
        float low = 0, high = 0;
        for (size_t k = 0; k < depth; k++) {
            low = x[k] < low ? x[k] : low;
            high = x[k] > high ? x[k] : high;
        }
        const float scale = high > low ? (high - low) / 255 : 1;
        const float inverse = 1 / scale, offset = rintf(-low * inverse);
        const float header[2] = {scale, offset};
        memcpy(to, header, sizeof header);
        memset(to + 8, 0, pitch - 8);
        for (size_t k = 0; k < depth; k++) {
            const float q = rintf(fmaf(x[k], inverse, offset));
            ((uint8_t *)to)[8 + k] = (uint8_t)fminf(fmaxf(q, 0), 255);
        }
    }
}

void dense_load_int8(
    const uint8_t *bytes, size_t rows, size_t depth, size_t stride, float scale, void *inputs
) {
    const size_t pitch = 8 + 4 * dense_words(depth, 4);
    const float header[2] = {scale, 128};
    for (size_t row = 0; row < rows; row++, bytes += stride) {
        char *to = (char *)inputs + row * pitch;
        memcpy(to, header, sizeof header);
        memset(to + pitch - 4, 0, 4);
        memcpy(to + 8, bytes, depth);
    }
}

void dense_multiply_int8(const dense_product *p) {
    const size_t words = dense_words(p->depth, 4), pitch = 8 + 4 * words;
    const float *scales = (const float *)((const char *)p->packed + p->columns * words * 4);
    const float *sums = scales + p->columns;
    for (size_t row = 0; row < p->rows; row++) {
        const uint8_t *x = (const uint8_t *)p->inputs + row * pitch;
        float header[2];
        memcpy(header, x, sizeof header);
        for (size_t column = 0; column < p->columns; column++) {
            const int8_t *weights = (const int8_t *)p->packed + column * words * 4;
            int32_t sum = 0;
            for (size_t k = 0; k < p->depth; k++) sum += x[8 + k] * weights[k];
            const float y = fmaf(-header[1], sums[column], (float)sum);
            finish(p, row, column, y * (header[0] * scales[column]));
        }
    }
}

static void attend(const dense_attention *a) {
    const size_t width = a->head_width, span = 2 * a->bias_span + 1;
    for (size_t head = 0; head < a->heads; head++) {
        const size_t first = head / (a->heads / a->key_heads) * width;
        for (size_t i = 0; i < a->count; i++) {
            const float *query = a->queries + i * a->query_stride + head * width;
            float *to = a->results + i * a->result_stride + head * width;
            float greatest = -INFINITY, total = 0;
            for (size_t j = 0; j < a->count; j++) {
                a->scratch[j] = -INFINITY;
                if (j >= a->key_count || j + a->before < i || j > i + a->after) continue;
                float sum = 0;
                for (size_t k = 0; k < width; k++) {
                    sum += query[k] * a->keys[j * a->key_stride + first + k];
                }
                ptrdiff_t place = (ptrdiff_t)j - (ptrdiff_t)i + (ptrdiff_t)a->bias_span;
                place = place < 0 ? 0 : place >= (ptrdiff_t)span ? (ptrdiff_t)span - 1 : place;
                const float bias = a->bias == NULL ? 0 : a->bias[head * span + (size_t)place];
                a->scratch[j] = sum * a->scale + bias;
                greatest = a->scratch[j] > greatest ? a->scratch[j] : greatest;
            }
            for (size_t k = 0; k < width; k++) to[k] = 0;
            if (greatest == -INFINITY) continue;
            for (size_t j = 0; j < a->count; j++) {
                const float weight = expf(a->scratch[j] - greatest);
                total += weight;
                for (size_t k = 0; k < width; k++) {
                    to[k] += weight * a->values[j * a->key_stride + first + k];
                }
            }
            for (size_t k = 0; k < width; k++) to[k] /= total;
        }
    }
}

static void layer_norm(
    const float *x, size_t rows, size_t width, size_t stride, const float *gain,
    const float *shift, float epsilon, float *results, size_t result_stride
) {
    for (size_t row = 0; row < rows; row++, x += stride, results += result_stride) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < width; i++) mean += x[i];
        mean /= (double)width;
        for (size_t i = 0; i < width; i++) variance += (x[i] - mean) * (x[i] - mean);
        const double factor = 1 / sqrt(variance / (double)width + epsilon);
        for (size_t i = 0; i < width; i++) {
            results[i] = (float)((x[i] - mean) * factor) * gain[i] + (shift ? shift[i] : 0);
        }
    }
}

static void rms_norm(
    const float *x, size_t rows, size_t width, size_t stride, size_t groups, const float *gain,
    float epsilon, float *results, size_t result_stride
) {
    const size_t part = width / groups;
    for (size_t item = 0; item < rows * groups; item++) {
        const float *from = x + item / groups * stride + item % groups * part;
        float *to = results + item / groups * result_stride + item % groups * part;
        double squares = 0;
        for (size_t i = 0; i < part; i++) squares += (double)from[i] * from[i];
        const double factor = 1 / sqrt(squares / (double)part + epsilon);
        for (size_t i = 0; i < part; i++) to[i] = (float)(from[i] * factor) * gain[i];
    }
}

static void gate(
    dense_activation activation, float *x, size_t rows, size_t width, size_t stride
) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        for (size_t i = 0; i < width; i++) x[i] = activated(activation, x[i]) * x[width + i];
    }
}

static void rotate(
    float *x, size_t rows, size_t heads, size_t head_width, size_t stride, size_t rotated,
    const float *cosines, const float *sines, int neighbours
) {
    const size_t pairs = rotated / 2;
    for (size_t row = 0; row < rows; row++) {
        for (size_t head = 0; head < heads; head++) {
            float *values = x + row * stride + head * head_width;
            for (size_t i = 0; i < pairs; i++) {
                float *a = values + (neighbours ? 2 * i : i), *b = a + (neighbours ? 1 : pairs);
                const float c = cosines[row * pairs + i], s = sines[row * pairs + i];
                const float turned = *a * c - *b * s;
                *b = *b * c + *a * s;
                *a = turned;
            }
        }
    }
}

static void add_scaled(float *sum, const float *x, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) sum[i] = fmaf(x[i], factor, sum[i]);
}

static void maximum(float *most, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) most[i] = x[i] > most[i] ? x[i] : most[i];
}

static void look_up(
    const uint8_t *codes, size_t rows, size_t depth, int bits, const uint8_t *table, uint8_t *bytes
) {
    for (size_t row = 0; row < rows; row++, codes += dense_code_bytes(depth, bits)) {
        for (size_t k = 0; k < depth; k++) *bytes++ = table[dense_code(codes, k, bits)];
    }
}

static void maximise(const dense_maxima *p) {
    for (size_t row = 0; row < p->rows; row++) {
        const float factor = p->factors == NULL ? 1 : p->factors[row];
        for (size_t column = 0; column < p->columns; column++) {
            float y = p->products == NULL ? 0 : p->products[row * p->stride + column];
            if (p->table != NULL) y += p->table[p->places[row] * p->table_stride + column];
            y *= factor;
            p->maxima[column] = y > p->maxima[column] ? y : p->maxima[column];
        }
    }
}

static size_t greatest(const float *x, size_t count) {
    size_t best = 0;
    float most = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (x[i] > most) {
            most = x[i];
            best = i;
        }
    }
    return best;
}

static void dots(
    const float *query, const void *rows, int is_bf16, size_t count, size_t depth, float *scores
) {
    for (size_t row = 0; row < count; row++) {
        double sum = 0;
        for (size_t k = 0; k < depth; k++) {
            const size_t place = row * depth + k;
            sum += (double)query[k]
                * (double)(is_bf16 ? bf16_load(rows, place) : ((const float *)rows)[place]);
        }
        scores[row] = (float)sum;
    }
}

static void widen_bf16(const void *words, float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = bf16_load(words, i);
}

const dense_table dense_scalar = {
    .name = "scalar",
    .formats =
        {
            {1, 1, 1, 0, 0, pack_f32, NULL, multiply_f32, NULL, NULL, NULL},
            {1, 1, 1, 0, 0, pack_half, NULL, multiply_f32, NULL, NULL, NULL},
            DENSE_INT8_SCALAR,
            DENSE_INT8_SCALAR,
        },
    .attend = attend,
    .layer_norm = layer_norm,
    .rms_norm = rms_norm,
    .activate = activate,
    .gate = gate,
    .rotate = rotate,
    .add_scaled = add_scaled,
    .maximum = maximum,
    .look_up = look_up,
    .maximise = maximise,
    .widen_bf16 = widen_bf16,
    .greatest = greatest,
    .dots = dots,
};
