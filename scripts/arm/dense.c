// Compares the dense kernels of every instruction set of this CPU with the scalar ones, as
// Tests/CKernelsTests does where Swift runs.

#include "check.h"
#include "dense.h"

enum { GUARD = 5 };

typedef struct operands {
    size_t rows, columns, depth;
    float *x, *weights, *bias, *residual;
} operands;

static operands make_operands(size_t rows, size_t columns, size_t depth) {
    return (operands){
        rows, columns, depth, check_floats(rows * depth, -2, 1),
        check_floats(columns * depth, -1, 1), check_floats(columns, -1, 1),
        check_floats(rows * (columns + GUARD), -1, 1)};
}

static void free_operands(operands o) {
    free(o.x);
    free(o.weights);
    free(o.bias);
    free(o.residual);
}

// Results [rows, columns + GUARD]; `bytes` are loaded instead of x where they are given.
static float *multiply(
    const char *isa, operands o, dense_precision precision, dense_activation activation,
    int has_residual, int is_in_place, const uint8_t *bytes
) {
    dense_select_in_thread(isa);
    const size_t stride = o.columns + GUARD;
    void *packed = check_floats(dense_packed_bytes(precision, o.columns, o.depth) / 4 + 16, 0, 0);
    dense_pack(precision, o.weights, o.columns, o.depth, packed);
    const size_t size = dense_input_bytes(precision, o.rows, o.depth);
    uint8_t *inputs = malloc(size + 64);
    memset(inputs, 0xEE, size + 64);
    if (bytes != NULL) dense_load_bytes(bytes, o.rows, o.depth, o.depth, 0.5f, inputs);
    else if (size > 0) dense_convert(precision, o.x, o.rows, o.depth, o.depth, inputs);
    for (size_t i = 0; i < 64; i++) check_true("input end", inputs[size + i] == 0xEE, isa, i);
    float *results = is_in_place ? check_copy(o.residual, o.rows * stride)
                                 : check_floats(o.rows * stride, 77, 77);
    const dense_product product = {
        .rows = o.rows, .columns = o.columns, .depth = o.depth,
        .inputs = size > 0 ? (const void *)inputs : o.x, .stride = o.depth, .packed = packed,
        .bias = o.bias, .activation = activation,
        .residual = has_residual ? (is_in_place ? results : o.residual) : NULL,
        .results = results, .result_stride = stride};
    dense_multiply(precision, &product);
    for (size_t row = 0; row < o.rows; row++) {
        float *end = results + row * stride + o.columns;
        const float *kept = o.residual + row * stride + o.columns;
        for (size_t i = 0; i < GUARD; i++) {
            check_true("row end", end[i] == (is_in_place ? kept[i] : 77), isa, row);
            end[i] = 0;
        }
    }
    free(packed);
    free(inputs);
    dense_select_in_thread(NULL);
    return results;
}

static void compare_products(
    const char *what, const char *isa, operands o, dense_precision precision,
    dense_activation activation, int has_residual, float limit
) {
    float *found = multiply(isa, o, precision, activation, has_residual, 0, NULL);
    float *expected = multiply("scalar", o, precision, activation, has_residual, 0, NULL);
    const size_t count = o.rows * (o.columns + GUARD);
    check_close(what, found, expected, count, limit, isa, o.rows, o.columns, o.depth);
    if (has_residual) {
        float *again = multiply(isa, o, precision, activation, 1, 1, NULL);
        check_close("in place", again, found, count, 0, isa, o.rows, o.columns, o.depth);
        free(again);
    }
    free(found);
    free(expected);
}

static void check_products(const char *isa) {
    static const size_t shapes[][2] = {{1, 1},  {7, 2},  {8, 3},    {9, 64},   {15, 3}, {16, 7},
                                       {17, 4}, {31, 5}, {33, 131}, {70, 129}, {64, 384}};
    for (size_t rows = 1; rows <= 31; rows += rows < 14 ? 1 : 6) {
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            operands o = make_operands(rows, shapes[i][0], shapes[i][1]);
            compare_products("f32", isa, o, DENSE_F32, DENSE_IDENTITY, 0, 0);
            compare_products("half", isa, o, DENSE_HALF, DENSE_IDENTITY, 1, 1e-5f);
            compare_products("int8", isa, o, DENSE_INT8, DENSE_IDENTITY, 1, 1e-4f);
            // AVX2 alone multiplies 7 bits there
            const int is_seven = strcmp(isa, "avx2") == 0;
            compare_products(
                "reduced", isa, o, DENSE_INT8_REDUCED, DENSE_IDENTITY, 0, is_seven ? 1 : 1e-4f);
            free_operands(o);
        }
    }
    for (int activation = DENSE_IDENTITY; activation <= DENSE_TANH; activation++) {
        operands o = make_operands(14, 37, 40);
        compare_products("f32", isa, o, DENSE_F32, (dense_activation)activation, 0, 2e-5f);
        compare_products("f32", isa, o, DENSE_F32, (dense_activation)activation, 1, 2e-5f);
        compare_products("int8", isa, o, DENSE_INT8, (dense_activation)activation, 1, 2e-4f);
        free_operands(o);
    }
}

// Rows alone have the bits that they have among others.
static void check_independence(const char *isa) {
    for (int precision = DENSE_F32; precision <= DENSE_INT8_REDUCED; precision++) {
        operands o = make_operands(40, 50, 67);
        float *all = multiply(isa, o, (dense_precision)precision, DENSE_GELU, 0, 0, NULL);
        for (size_t row = 0; row < o.rows; row++) {
            operands one = o;
            one.rows = 1;
            one.x = o.x + row * o.depth;
            float *alone = multiply(isa, one, (dense_precision)precision, DENSE_GELU, 0, 0, NULL);
            check_close("a row alone", alone, all + row * 55, 50, 0, isa, row, 0, 0);
            free(alone);
        }
        free(all);
        free_operands(o);
    }
}

// Extreme rows, and bytes as they are stored: whole numbers, so that nothing is rounded.
static void check_bytes(const char *isa) {
    static const size_t shapes[][3] = {{1, 1, 1}, {7, 17, 3}, {13, 32, 128}, {5, 40, 131}};
    for (size_t s = 0; s < 4; s++) {
        operands o = make_operands(shapes[s][0], shapes[s][1], shapes[s][2]);
        uint8_t *bytes = malloc(o.rows * o.depth);
        for (size_t i = 0; i < o.rows * o.depth; i++) {
            bytes[i] = (uint8_t)(s == 3 ? i % 2 * 254 + 1 : 1 + check_random() % 255);
        }
        for (size_t i = 0; i < o.columns * o.depth; i++) {
            o.weights[i] =
                i % o.depth == 0 ? 127 : (float)((int)(check_random() % 255) - 127);
        }
        memset(o.bias, 0, o.columns * sizeof(float));
        float *found = multiply(isa, o, DENSE_INT8, DENSE_IDENTITY, 0, 0, bytes);
        float *expected = check_floats(o.rows * (o.columns + GUARD), 0, 0);
        for (size_t row = 0; row < o.rows; row++) {
            for (size_t c = 0; c < o.columns; c++) {
                int sum = 0;
                for (size_t k = 0; k < o.depth; k++) {
                    sum += ((int)bytes[row * o.depth + k] - 128) * (int)o.weights[c * o.depth + k];
                }
                expected[row * (o.columns + GUARD) + c] = (float)sum * 0.5f;
            }
        }
        check_close(
            "stored bytes", found, expected, o.rows * (o.columns + GUARD), 0, isa, o.rows,
            o.columns, o.depth);
        free(found);
        free(expected);
        free(bytes);
        free_operands(o);
    }
    operands o = make_operands(3, 20, 33);
    for (size_t k = 0; k < 33; k++) {
        o.x[k] = 0;
        o.x[33 + k] = 5;
        o.x[66 + k] = -5;
    }
    compare_products("flat rows", isa, o, DENSE_INT8, DENSE_IDENTITY, 0, 1e-4f);
    free_operands(o);
}

static float *attend(
    const char *isa, const float *values, size_t count, size_t keys, size_t heads,
    size_t key_heads, size_t width, size_t before, size_t after, int span
) {
    dense_select_in_thread(isa);
    const size_t query = heads * width, key = key_heads * width, row = query + 2 * key;
    float *bias = check_floats(heads * (2 * (size_t)(span < 0 ? 0 : span) + 1), 0, 0);
    for (size_t i = 0; span >= 0 && i < heads * (2 * (size_t)span + 1); i++) {
        bias[i] = (float)(i % 7) * 0.3f - 1;
    }
    float *results = check_floats(count * query, 0, 0);
    float *scratch = check_floats(dense_attention_scratch(count, width), 0, 0);
    const dense_attention attention = {
        .count = count, .key_count = keys, .heads = heads, .key_heads = key_heads,
        .head_width = width, .queries = values, .keys = values + query,
        .values = values + query + key, .query_stride = row, .key_stride = row, .scale = 0.4f,
        .before = before, .after = after, .bias = span < 0 ? NULL : bias,
        .bias_span = span < 0 ? 0 : (size_t)span, .results = results, .result_stride = query,
        .scratch = scratch};
    dense_attend(&attention);
    dense_select_in_thread(NULL);
    free(bias);
    free(scratch);
    return results;
}

static void check_attention(const char *isa) {
    static const size_t windows[][2] = {{1 << 20, 1 << 20}, {1000, 0}, {5, 5}, {0, 0}};
    for (size_t count = 1; count < 140; count += count < 34 ? 1 : 35) {
        const size_t width = count % 40 + 1, keys = count % 3 == 0 ? (count + 1) / 2 : count;
        float *values = check_floats(count * 8 * width, -1, 1);
        for (size_t w = 0; w < 4; w++) {
            for (int span = -1; span < 4; span += 4) {
                float *sides[2];
                for (int side = 0; side < 2; side++) {
                    sides[side] = attend(
                        side == 0 ? isa : "scalar", values, count, keys, 4, 2, width,
                        windows[w][0], windows[w][1], span);
                }
                check_close(
                    "attention", sides[0], sides[1], count * 4 * width, 2e-6f, isa, count, width,
                    w);
                free(sides[0]);
                free(sides[1]);
            }
        }
        free(values);
    }
}

static float *rows_of(const char *isa, const float *x, const float *gain, size_t width) {
    dense_select_in_thread(isa);
    const size_t count = 4 * width;
    float *all = check_floats(8 * count, 0, 0);
    for (size_t i = 0; i < 8; i++) memcpy(all + i * count, x, count * 4);
    dense_layer_norm(all, 4, width, width, gain, gain + width, 1e-5f);
    dense_rms_norm(x, 4, width, width, 1, gain, 1e-6f, all + count, width);
    if (width % 2 == 0) {
        dense_gate(DENSE_SILU, all + 2 * count, 4, width / 2, width);
        dense_gate(DENSE_GELU, all + 3 * count, 4, width / 2, width);
        dense_rotate(all + 4 * count, 2, 1, width, width, width, gain, gain + width, 0);
        dense_rotate(all + 5 * count, 2, 1, width, width, width, gain, gain + width, 1);
    }
    dense_add_scaled(all + 6 * count, gain, 0.3f, width);
    dense_maximum(all + 7 * count, gain, width);
    dense_select_in_thread(NULL);
    return all;
}

static void check_rows(const char *isa) {
    for (size_t width = 1; width <= 68; width++) {
        float *x = check_floats(4 * width, -3, 5), *gain = check_floats(2 * width, -1, 1);
        float *found = rows_of(isa, x, gain, width), *expected = rows_of("scalar", x, gain, width);
        check_close("rows", found, expected, 32 * width, 5e-6f, isa, width, 0, 0);
        free(x);
        free(gain);
        free(found);
        free(expected);
    }
    float x[809] = {0, -0.0f, 1e-30f, -1e-30f, 100, -100, 1e30f, -1e30f};
    for (int i = 8; i < 809; i++) x[i] = (float)(i - 408) / 20;
    for (int activation = DENSE_GELU; activation <= DENSE_TANH; activation++) {
        float found[809], expected[809];
        memcpy(found, x, sizeof x);
        memcpy(expected, x, sizeof x);
        dense_select_in_thread(isa);
        dense_activate((dense_activation)activation, found, 809);
        dense_select_in_thread("scalar");
        dense_activate((dense_activation)activation, expected, 809);
        for (int i = 0; i < 809; i++) {
            const float limit = 1e-6f * fmaxf(1, fabsf(expected[i]));
            check_true("activation", fabsf(found[i] - expected[i]) <= limit, isa, (size_t)i);
        }
    }
    dense_select_in_thread(NULL);
}

static void check_maxima(const char *isa) {
    uint8_t table[256], codes[256], bytes[2][256];
    for (int i = 0; i < 256; i++) table[i] = (uint8_t)check_random();
    for (int i = 0; i < 256; i++) codes[i] = (uint8_t)check_random();
    for (int bits = 2; bits <= 8; bits *= 2) {
        for (size_t depth = 1; depth <= 80; depth++) {
            for (int side = 0; side < 2; side++) {
                memset(bytes[side], 0, 256);
                dense_select_in_thread(side == 0 ? isa : "scalar");
                dense_look_up(codes, 3, depth, bits, table, bytes[side]);
            }
            check_true("look-up", memcmp(bytes[0], bytes[1], 256) == 0, isa, depth);
        }
    }
    for (int parts = 1; parts < 8; parts++) {
        for (size_t columns = 1; (parts & 3) != 0 && columns <= 70; columns++) {
            const size_t rows = 1 + columns % 7;
            float *products = check_floats(rows * (columns + 3), -1, 1);
            float *factors = check_floats(rows, -1, 1), *added = check_floats(5 * columns, -1, 1);
            uint16_t places[8];
            for (size_t i = 0; i < rows; i++) places[i] = (uint16_t)(i * 3 % 5);
            float *maxima[2];
            for (int side = 0; side < 2; side++) {
                maxima[side] = check_floats(columns + 1, -0.5f, -0.5f);
                dense_select_in_thread(side == 0 ? isa : "scalar");
                const dense_maxima all = {
                    rows, columns, parts & 1 ? products : NULL, columns + 3,
                    parts & 4 ? factors : NULL, parts & 2 ? added : NULL, columns, places,
                    maxima[side]};
                dense_maximise(&all);
            }
            check_close(
                "maxima", maxima[0], maxima[1], columns + 1, 0, isa, rows, columns, (size_t)parts);
            dense_select_in_thread(isa);
            const size_t found = dense_greatest(products, columns);
            dense_select_in_thread("scalar");
            check_true("greatest", found == dense_greatest(products, columns), isa, columns);
            free(products);
            free(factors);
            free(added);
            free(maxima[0]);
            free(maxima[1]);
        }
    }
    dense_select_in_thread(NULL);
}

static void check_dots(const char *isa) {
    for (size_t depth = 1; depth <= 70; depth++) {
        for (size_t count = 1; count <= 9; count += 2) {
            float *query = check_floats(depth, -1, 1), *rows = check_floats(count * depth, -1, 1);
            // the upper halves of numbers are numbers, too
            uint16_t *halves = (uint16_t *)check_floats(count * depth, 0, 0);
            for (size_t i = 0; i < count * depth; i++) {
                uint32_t bits;
                memcpy(&bits, rows + i, sizeof bits);
                halves[i] = (uint16_t)(bits >> 16);
            }
            for (int is_bf16 = 0; is_bf16 < 2; is_bf16++) {
                float found[9], expected[9];
                const void *stored = is_bf16 ? (const void *)halves : rows;
                dense_select_in_thread(isa);
                dense_dots(query, stored, is_bf16, count, depth, found);
                dense_select_in_thread("scalar");
                dense_dots(query, stored, is_bf16, count, depth, expected);
                check_close(
                    "dots", found, expected, count, 1e-5f, isa, depth, count, (size_t)is_bf16);
            }
            free(query);
            free(rows);
            free(halves);
        }
    }
    dense_select_in_thread(NULL);
}

int main(void) {
    for (int i = 0; dense_isa_name(i) != NULL; i++) {
        const char *isa = dense_isa_name(i);
        printf("dense kernels: %s\n", isa);
        if (strcmp(isa, "scalar") == 0) continue;
        check_products(isa);
        check_independence(isa);
        check_bytes(isa);
        check_attention(isa);
        check_rows(isa);
        check_maxima(isa);
        check_dots(isa);
    }
    return check_end("dense");
}
