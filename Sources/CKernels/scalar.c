// The kernels in plain C: the fallback of any CPU and the oracle of the vector versions.

#include <math.h>
#include <string.h>

#include "bf16.h"
#include "int8.h"
#include "table.h"

static float dot(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t d = 0; d < count; d++) sum += (double)a[d] * b[d];
    return (float)sum;
}

static float sigmoid(float x) {
    if (!(x > -30)) x = -30;    // NaN too
    if (x > 30) x = 30;
    return (float)(1 / (1 + exp(-(double)x)));
}

static void fill_gradients(const word_window *w, size_t stride, float alpha, word_scratch *s) {
    int tiles = tile_count(w->input_count, TILE_INPUTS);
    for (int j = 0; j < w->output_count; j++) {
        for (int i = 0; i < w->input_count; i++) {
            size_t at = score_index(i, j, tiles);
            s->scores[at] = dot(w->inputs[i], w->outputs[j], stride);
            float weight = w->weighted ? w->weights[j] : 1;
            s->gradients[at] = (w->targets[j] - weight * sigmoid(s->scores[at])) * alpha;
        }
    }
}

// One dimension of one block of outputs; `old` holds the inputs before the first block.
static void update_block(
    const word_window *w, int first, size_t d, const float *gradients, float *old
) {
    int tiles = tile_count(w->input_count, TILE_INPUTS);
    int end = first + WORDS_OUTPUT_BLOCK;
    if (end > w->output_count) end = w->output_count;
    float before[WORDS_OUTPUT_BLOCK];
    for (int j = first; j < end; j++) before[j - first] = w->outputs[j][d];
    for (int i = 0; i < w->input_count; i++) {
        if (first == 0) old[i] = w->inputs[i][d];
        float sum = w->inputs[i][d];
        for (int j = first; j < end; j++) {
            float g = gradients[score_index(i, j, tiles)];
            sum += g * before[j - first];
            w->outputs[j][d] += g * old[i];
        }
        w->inputs[i][d] = sum;
    }
}

static void window_scalar(
    const word_window *w, const word_window *next, size_t stride, float alpha, word_scratch *s
) {
    (void)next;
    float old[WORDS_MAX_INPUTS];
    fill_gradients(w, stride, alpha, s);
    for (size_t d = 0; d < stride; d++) {
        for (int first = 0; first < w->output_count; first += WORDS_OUTPUT_BLOCK) {
            update_block(w, first, d, s->gradients, old);
        }
    }
}

static void mean_rows_scalar(
    const float *matrix, size_t stride, const int32_t *rows, const float *shares, size_t count,
    float *mean
) {
    for (size_t d = 0; d < stride; d++) {
        double sum = 0;
        for (size_t r = 0; r < count; r++) {
            double share = shares == NULL ? 1 / (double)count : shares[r];
            sum += share * matrix[(size_t)rows[r] * stride + d];
        }
        mean[d] = (float)sum;
    }
}

static void add_to_rows_scalar(
    float *matrix, size_t stride, const int32_t *rows, size_t count, const float *moved,
    const float *before
) {
    for (size_t d = 0; d < stride; d++) {
        float difference = moved[d] - before[d];
        for (size_t r = 0; r < count; r++) matrix[(size_t)rows[r] * stride + d] += difference;
    }
}

static int delta_changed_scalar(const float *live, const float *base, size_t count) {
    for (size_t d = 0; d < count; d++) {
        if (magnitude_bits(live[d] - base[d]) > BF16_ROUNDS_TO_ZERO) return 1;
    }
    return 0;
}

static uint32_t delta_bf16_scalar(
    const float *live, const float *base, void *delta, size_t count
) {
    uint32_t greatest = 0;
    for (size_t d = 0; d < count; d++) {
        float difference = live[d] - base[d];
        greatest = greater(greatest, magnitude_bits(difference));
        bf16_store(delta, d, difference);
    }
    return greatest;
}

static uint32_t max_abs_bf16_scalar(const void *values, size_t count) {
    uint32_t greatest = 0;
    for (size_t d = 0; d < count; d++) {
        greatest = greater(greatest, magnitude_bits(bf16_load(values, d)));
    }
    return greatest;
}

static uint32_t axpy_bf16_scalar(float factor, const void *values, float *sum, size_t count) {
    uint32_t greatest = 0;
    for (size_t d = 0; d < count; d++) {
        sum[d] = fmaf(factor, bf16_load(values, d), sum[d]);
        greatest = greater(greatest, magnitude_bits(sum[d]));
    }
    return greatest;
}

static uint32_t nesterov_row_scalar(
    const float *delta, float *velocity, float *parameters, void *step, size_t count,
    float momentum, float rate, uint32_t *velocity_bits
) {
    uint32_t fastest = 0, greatest = 0;
    for (size_t d = 0; d < count; d++) {
        float pull = delta ? delta[d] : 0;
        velocity[d] = fmaf(momentum, velocity[d], pull);
        float exact = rate * fmaf(momentum, velocity[d], pull);
        bf16_store(step, d, exact);
        parameters[d] += bf16_load(step, d);
        fastest = greater(fastest, magnitude_bits(velocity[d]));
        greatest = greater(greatest, magnitude_bits(exact));
        greatest = greater(greatest, magnitude_bits(parameters[d]));
    }
    *velocity_bits = fastest;
    return greater(fastest, greatest);
}

static uint32_t row_to_int8_scalar(
    const float *row, const float *base, void *values, size_t count, float *scale
) {
    uint32_t greatest = 0;
    for (size_t d = 0; d < count; d++) {
        greatest = greater(greatest, magnitude_bits(row[d] - (base ? base[d] : 0)));
    }
    const int8_scale found = int8_scale_of(greatest);
    *scale = found.scale;
    memset(values, 0, count);
    if (found.scale == 0) return greatest;
    for (size_t d = 0; d < count; d++) {
        // Another thread may be writing to the row, so that a value is beyond the scale now.
        float whole = rintf((row[d] - (base ? base[d] : 0)) * found.inverse);
        ((int8_t *)values)[d] = (int8_t)(whole > 127 ? 127 : whole > -128 ? whole : -128);
    }
    return greatest;
}

static uint32_t axpy_int8_scalar(float factor, const void *values, float *sum, size_t count) {
    uint32_t greatest = 0;
    for (size_t d = 0; d < count; d++) {
        sum[d] = fmaf(factor, ((const int8_t *)values)[d], sum[d]);
        greatest = greater(greatest, magnitude_bits(sum[d]));
    }
    return greatest;
}

static uint32_t nesterov_pull_scalar(
    const float *delta, float *velocity, float *step, size_t count, float momentum, float rate
) {
    uint32_t fastest = 0;
    for (size_t d = 0; d < count; d++) {
        float pull = delta[d];
        velocity[d] = fmaf(momentum, velocity[d], pull);
        step[d] = rate * fmaf(momentum, velocity[d], pull);
        fastest = greater(fastest, magnitude_bits(velocity[d]));
    }
    return fastest;
}

static float normalise_row_scalar(float *row, size_t count) {
    float length = sqrtf(dot(row, row, count));
    if (!(length > 0)) return length;
    for (size_t d = 0; d < count; d++) row[d] /= length;
    return length;
}

static void scores_f32_scalar(
    const float *queries, size_t query_count, size_t query_stride, const float *rows,
    size_t row_count, size_t row_stride, size_t count, float *scores
) {
    for (size_t i = 0; i < query_count; i++) {
        for (size_t j = 0; j < row_count; j++) {
            scores[i * row_count + j] =
                dot(queries + i * query_stride, rows + j * row_stride, count);
        }
    }
}

const kernel_table kernels_scalar = {
    .name = "scalar",
    .window = window_scalar,
    .mean_rows = mean_rows_scalar,
    .add_to_rows = add_to_rows_scalar,
    .delta_changed = delta_changed_scalar,
    .delta_bf16 = delta_bf16_scalar,
    .max_abs_bf16 = max_abs_bf16_scalar,
    .axpy_bf16 = axpy_bf16_scalar,
    .nesterov_row = nesterov_row_scalar,
    .row_to_int8 = row_to_int8_scalar,
    .axpy_int8 = axpy_int8_scalar,
    .nesterov_pull = nesterov_pull_scalar,
    .normalise_row = normalise_row_scalar,
    .scores_f32 = scores_f32_scalar,
    .glove_step = glove_step_scalar,
};
