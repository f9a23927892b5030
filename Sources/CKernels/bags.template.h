// Kernels over the rows of a bag, written once over the vector vocabulary of an instruction set.

// Vectors of a row that stay in registers while the rows of a bag pass by.
#define BAG_CHUNKS 4

INLINE void ISA(mean_step)(
    const float *matrix, size_t stride, const int32_t *rows, const float *shares, size_t count,
    float *mean, const int chunks, size_t d
) {
    vf sums[BAG_CHUNKS];
    UNROLL for (int c = 0; c < chunks; c++) sums[c] = v_zero();
    vf even = v_set1(1 / (float)count);
    for (size_t r = 0; r < count; r++) {
        const float *row = matrix + (size_t)rows[r] * stride + d;
        vf share = shares == NULL ? even : v_set1(shares[r]);
        UNROLL for (int c = 0; c < chunks; c++) {
            sums[c] = v_fma(share, v_load(row + c * LANES), sums[c]);
        }
    }
    UNROLL for (int c = 0; c < chunks; c++) v_store(mean + d + c * LANES, sums[c]);
}

static void ISA(mean_rows)(
    const float *matrix, size_t stride, const int32_t *rows, const float *shares, size_t count,
    float *mean
) {
    size_t d = 0;
    for (; d + BAG_CHUNKS * LANES <= stride; d += BAG_CHUNKS * LANES) {
        ISA(mean_step)(matrix, stride, rows, shares, count, mean, BAG_CHUNKS, d);
    }
    for (; d < stride; d += LANES) {
        ISA(mean_step)(matrix, stride, rows, shares, count, mean, 1, d);
    }
}

INLINE void ISA(add_step)(
    float *matrix, size_t stride, const int32_t *rows, size_t count, const float *moved,
    const float *before, const int chunks, size_t d
) {
    vf differences[BAG_CHUNKS];
    UNROLL for (int c = 0; c < chunks; c++) {
        differences[c] = v_sub(v_load(moved + d + c * LANES), v_load(before + d + c * LANES));
    }
    for (size_t r = 0; r < count; r++) {
        float *row = matrix + (size_t)rows[r] * stride + d;
        UNROLL for (int c = 0; c < chunks; c++) {
            v_store(row + c * LANES, v_add(v_load(row + c * LANES), differences[c]));
        }
    }
}

static void ISA(add_to_rows)(
    float *matrix, size_t stride, const int32_t *rows, size_t count, const float *moved,
    const float *before
) {
    size_t d = 0;
    for (; d + BAG_CHUNKS * LANES <= stride; d += BAG_CHUNKS * LANES) {
        ISA(add_step)(matrix, stride, rows, count, moved, before, BAG_CHUNKS, d);
    }
    for (; d < stride; d += LANES) {
        ISA(add_step)(matrix, stride, rows, count, moved, before, 1, d);
    }
}
