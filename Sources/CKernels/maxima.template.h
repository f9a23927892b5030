// What MaxSim needs beside products: codes looked up, maxima of columns, the greatest of a row.

// `read` spreads the codes of a place over BYTES bytes.
#define LOOK_UP(read)                                                                              \
    for (; k + BYTES <= depth; k += BYTES) {                                                       \
        vq_store(to + k, vq_look_up(values, read(from + k * (size_t)bits / 8)));                   \
    }

static void ISA(look_up)(
    const uint8_t *codes, size_t rows, size_t depth, int bits, const uint8_t *table, uint8_t *bytes
) {
    const vq values = vq_table(table);
    const size_t pitch = dense_code_bytes(depth, bits);
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *from = codes + row * pitch;
        uint8_t *to = bytes + row * depth;
        size_t k = 0;
        if (bits == 2) {
            LOOK_UP(vq_pairs)
        } else if (bits == 4) {
            LOOK_UP(vq_nibbles)
        } else {
            for (; k < depth; k++) to[k] = table[from[k]];
        }
        for (; k < depth; k++) to[k] = table[dense_code(from, k, bits)];
    }
}
#undef LOOK_UP

// `n` columns; what is there of products, table and factors is known when this is compiled.
INLINE void ISA(maximise_columns)(
    const dense_maxima *p, size_t column, size_t n, const int has_products, const int has_table,
    const int has_factors
) {
    vf most = v_load_n(p->maxima + column, n);
    for (size_t row = 0; row < p->rows; row++) {
        vf y = has_products ? v_load_n(p->products + row * p->stride + column, n) : v_zero();
        if (has_table) {
            y = v_add(y, v_load_n(p->table + p->places[row] * p->table_stride + column, n));
        }
        if (has_factors) y = v_mul(y, v_set1(p->factors[row]));
        most = v_max(y, most);
    }
    v_store_n(p->maxima + column, most, n);
}

INLINE void ISA(maximise_all)(
    const dense_maxima *p, const int has_products, const int has_table, const int has_factors
) {
    size_t column = 0;
    for (; column + LANES <= p->columns; column += LANES) {
        ISA(maximise_columns)(p, column, LANES, has_products, has_table, has_factors);
    }
    if (column == p->columns) return;
    ISA(maximise_columns)(
        p, column, p->columns - column, has_products, has_table, has_factors);
}

static void ISA(maximise)(const dense_maxima *p) {
    const int has_factors = p->factors != NULL;
    if (p->table == NULL) {
        if (has_factors) ISA(maximise_all)(p, 1, 0, 1);
        else ISA(maximise_all)(p, 1, 0, 0);
    } else if (p->products == NULL) {
        if (has_factors) ISA(maximise_all)(p, 0, 1, 1);
        else ISA(maximise_all)(p, 0, 1, 0);
    } else {
        if (has_factors) ISA(maximise_all)(p, 1, 1, 1);
        else ISA(maximise_all)(p, 1, 1, 0);
    }
}

static size_t ISA(greatest)(const float *x, size_t count) {
    vf lanes = v_set1(-INFINITY);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) lanes = v_max(v_load(x + i), lanes);
    float most = v_greatest(lanes);
    for (; i < count; i++) most = x[i] > most ? x[i] : most;
    if (most == -INFINITY) return 0;
    for (i = 0; i < count; i++) {
        if (x[i] == most) return i;
    }
    return 0;
}

static void ISA(widen_bf16)(const void *words, float *x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        const size_t n = dense_smaller(LANES, count - i);
        v_store_n(x + i, v_load_bf16_n((const char *)words + 2 * i, n), n);
    }
}
