// Compares the kernels that train word vectors, of every instruction set of this CPU, with the
// scalar ones, as Tests/CKernelsTests does where Swift runs.

#include "check.h"
#include "glove.h"
#include "kernels.h"

static size_t padded(size_t dim) { return (dim + 15) / 16 * 16; }

// Rows of `dim` numbers with zeros up to the stride.
static float *make_rows(size_t count, size_t dim, float scale) {
    const size_t stride = padded(dim);
    float *rows = check_floats(count * stride, 0, 0);
    for (size_t i = 0; i < count; i++) check_fill(rows + i * stride, dim, -scale, scale);
    return rows;
}

static void check_window(const char *isa, size_t dim, int m, int k, int labels, int repeated) {
    const size_t stride = padded(dim);
    float *inputs = make_rows((size_t)m, dim, 0.5f), *outputs = make_rows((size_t)k, dim, 0.5f);
    float targets[WORDS_MAX_OUTPUTS] = {1}, weights[WORDS_MAX_OUTPUTS];
    for (int j = 0; j < k && labels; j++) targets[j] = (float)(check_random() % 3);
    for (int j = 0; j < k; j++) weights[j] = targets[j] + (float)(check_random() % 4);
    float *sides[2][2];
    double losses[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        float *in = sides[side][0] = check_copy(inputs, (size_t)m * stride);
        float *out = sides[side][1] = check_copy(outputs, (size_t)k * stride);
        float *ins[WORDS_MAX_INPUTS], *outs[WORDS_MAX_OUTPUTS];
        for (int i = 0; i < m; i++) {
            ins[i] = in + (size_t)(repeated ? i * i % ((m + 1) / 2) : i) * stride;
        }
        for (int j = 0; j < k; j++) outs[j] = out + (size_t)j * stride;
        kernels_select_in_thread(side == 0 ? isa : "scalar");
        const int code = kernel_word_window(
            ins, m, outs, k, targets, labels > 1 ? weights : NULL, stride, 0.05f, &losses[side]);
        check_true("window", code == 0, isa, dim);
    }
    const size_t a = dim, b = (size_t)m, c = (size_t)k;
    check_close("inputs", sides[0][0], sides[1][0], b * stride, 5e-6f, isa, a, b, c);
    check_close("outputs", sides[0][1], sides[1][1], c * stride, 5e-6f, isa, a, b, c);
    check_true("loss", fabs(losses[0] - losses[1]) < 1e-4 * (1 + losses[1]), isa, dim);
    for (size_t i = 0; i < b; i++) {
        for (size_t d = dim; d < stride; d++) {
            check_true("padding", sides[0][0][i * stride + d] == 0, isa, dim);
        }
    }
    for (int i = 0; i < 4; i++) free(sides[i / 2][i % 2]);
    free(inputs);
    free(outputs);
}

static void check_windows(const char *isa) {
    for (size_t dim = 1; dim <= 130; dim++) {
        check_window(isa, dim, 1 + (int)dim % 11, 1 + (int)dim % 7, 0, 0);
    }
    check_window(isa, 300, 5, 6, 0, 0);
    check_window(isa, 70, WORDS_MAX_INPUTS, WORDS_MAX_OUTPUTS, 0, 0);
    for (int m = 1; m <= 24; m++) {
        for (int k = 1; k <= 21; k++) check_window(isa, 50, m, k, 0, 0);
    }
    for (int k = 1; k < 14; k += 3) check_window(isa, 100, 7, k, 0, 1);
    static const int counts[][2] = {{1, 1}, {1, 5}, {1, 23}, {1, 64}, {2, 12}, {5, 6}, {7, 17}};
    for (int i = 0; i < 7; i++) {
        check_window(isa, 24, counts[i][0], counts[i][1], 1, 0);
        check_window(isa, 100, counts[i][0], counts[i][1], 2, 0);
    }
}

static void check_bags(const char *isa) {
    for (size_t dim = 16; dim <= 320; dim += 16) {
        float *rows = make_rows(30, dim, 1), *ends = make_rows(2, dim, 1);
        float *shares = check_floats(40, 0, 2);
        int32_t bag[40];
        for (int i = 0; i < 40; i++) bag[i] = (int32_t)(check_random() % 30);
        for (size_t count = 1; count <= 40; count += 13) {
            for (int shared = 0; shared < 2; shared++) {
                float *sides[2];
                for (int side = 0; side < 2; side++) {
                    sides[side] = check_floats(dim, 0, 0);
                    kernels_select_in_thread(side == 0 ? isa : "scalar");
                    kernel_mean_rows(
                        rows, dim, bag, shared ? shares : NULL, count, sides[side]);
                }
                check_close("mean", sides[0], sides[1], dim, 1e-5f, isa, dim, count, 0);
                free(sides[0]);
                free(sides[1]);
            }
        }
        float *sides[2];
        for (int side = 0; side < 2; side++) {
            sides[side] = check_copy(rows, 30 * dim);
            kernels_select_in_thread(side == 0 ? isa : "scalar");
            kernel_add_to_rows(sides[side], dim, bag, 40, ends, ends + dim);
        }
        check_close("sums", sides[0], sides[1], 30 * dim, 0, isa, dim, 0, 0);
        free(sides[0]);
        free(sides[1]);
        free(rows);
        free(ends);
        free(shares);
    }
}

// What one set of kernels makes of rows, all of it side by side in one piece of memory.
static float *exchange(const char *isa, const float *a, const float *b, size_t n) {
    kernels_select_in_thread(isa);
    float *all = check_floats(6 * n + 16, 0, 0);
    uint16_t *delta = (uint16_t *)all, *step = delta + n;
    float *velocity = all + n, *parameters = velocity + n, *sum = parameters + n;
    float *bits = all + 6 * n;
    memcpy(velocity, a, n * 4);
    memcpy(parameters, b, n * 4);
    memcpy(sum, b, n * 4);
    uint32_t greatest[6] = {0};
    greatest[0] = kernel_delta_bf16(a, b, delta, n);
    greatest[1] = kernel_max_abs_bf16(delta, n);
    greatest[2] = kernel_axpy_bf16(1, delta, sum, n);
    greatest[3] = kernel_nesterov_row(
        a, velocity, parameters, step, n, 0.9f, 0.7f, &greatest[4]);
    greatest[5] = (uint32_t)kernel_delta_changed(a, b, n);
    memcpy(bits, greatest, sizeof greatest);
    return all;
}

static void check_exchange(const char *isa) {
    for (size_t n = 2; n <= 80; n += 2) {
        float *a = check_floats(n, -1, 1), *b = check_floats(n, -1, 1);
        float *found = exchange(isa, a, b, n), *expected = exchange("scalar", a, b, n);
        // a fused multiplication and addition may round the last bit of a velocity otherwise
        check_true("deltas", memcmp(found, expected, 2 * n) == 0, isa, n);
        check_close("steps", found + n, expected + n, 3 * n, 1e-6f, isa, n, 0, 0);
        check_true("magnitudes", memcmp(found + 6 * n, expected + 6 * n, 12) == 0, isa, n);
        float *sides[2];
        for (int side = 0; side < 2; side++) {
            kernels_select_in_thread(side == 0 ? isa : "scalar");
            sides[side] = check_copy(a, n);
            sides[side][0] = kernel_normalise_row(sides[side], n);
        }
        check_close("unit rows", sides[0], sides[1], n, 1e-5f, isa, n, 0, 0);
        free(sides[0]);
        free(sides[1]);
        free(a);
        free(b);
        free(found);
        free(expected);
    }
}

static void check_scores(const char *isa) {
    for (size_t count = 1; count <= 70; count++) {
        const size_t queries = 1 + count % 9, rows = 1 + count % 13, stride = count + 3;
        float *q = check_floats(queries * stride, -1, 1), *r = check_floats(rows * stride, -1, 1);
        float *sides[2];
        for (int side = 0; side < 2; side++) {
            sides[side] = check_floats(queries * rows, 0, 0);
            kernels_select_in_thread(side == 0 ? isa : "scalar");
            kernel_scores_f32(q, queries, stride, r, rows, stride, count, sides[side]);
        }
        check_close("scores", sides[0], sides[1], queries * rows, 1e-5f, isa, count, 0, 0);
        free(sides[0]);
        free(sides[1]);
        free(q);
        free(r);
    }
}

static void check_glove(const char *isa) {
    for (size_t dim = 1; dim <= 70; dim++) {
        const size_t stride = 2 * padded(dim + 1), sums = padded(dim + 1);
        float *word = check_floats(stride, -0.5f, 0.5f), *other = check_floats(stride, -0.5f, 0.5f);
        for (size_t i = sums; i <= sums + dim; i++) {
            word[i] = 1 + fabsf(word[i]);
            other[i] = 1 + fabsf(other[i]);
        }
        float *sides[2], losses[2];
        for (int side = 0; side < 2; side++) {
            sides[side] = check_floats(2 * stride, 0, 0);
            memcpy(sides[side], word, stride * 4);
            memcpy(sides[side] + stride, other, stride * 4);
            kernels_select_in_thread(side == 0 ? isa : "scalar");
            losses[side] = kernel_glove_step(
                sides[side], sides[side] + stride, dim, sums, 1.5f, 0.7f, 0.05f);
        }
        check_close("GloVe rows", sides[0], sides[1], 2 * stride, 1e-5f, isa, dim, 0, 0);
        check_close("GloVe differences", losses, losses + 1, 1, 1e-5f, isa, dim, 0, 0);
        free(sides[0]);
        free(sides[1]);
        free(word);
        free(other);
    }
}

int main(void) {
    const char *names[] = {"neon", "avx512", "avx2"};
    int tried = 0;
    for (int i = 0; i < 3; i++) {
        if (kernels_select_in_thread(names[i]) != 0) continue;
        tried++;
        printf("word kernels: %s\n", names[i]);
        check_windows(names[i]);
        check_bags(names[i]);
        check_exchange(names[i]);
        check_scores(names[i]);
        check_glove(names[i]);
    }
    return check_end("words") || tried == 0;
}
