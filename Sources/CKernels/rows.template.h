// Kernels over single rows, written once over the vector vocabulary of an instruction set.
//
// Each step takes `n` values, LANES in the loop and fewer at the end of a row; v_load_n and friends
// fill missing lanes with zeros and never touch memory past `n`. Steps gather the greatest
// magnitude as bits (`vu`, lanes of uint32), which orders NaN above infinity above every number.

// Runs `step(d, n)` over a row; `n` is a constant in the loop and folds away.
#define FOR_ROW(count, step)                                                                       \
    size_t d = 0;                                                                                  \
    for (; d + LANES <= (count); d += LANES) step(d, LANES);                                       \
    if (d < (count)) step(d, (count) - d);

static int ISA(delta_changed)(const float *live, const float *base, size_t count) {
#define CHANGED(d, n)                                                                              \
    {                                                                                              \
        vf difference = v_sub(v_load_n(live + d, n), v_load_n(base + d, n));                       \
        if (vu_greatest(v_magnitude(difference)) > BF16_ROUNDS_TO_ZERO) return 1;                  \
    }
    FOR_ROW(count, CHANGED)
    return 0;
}

static uint32_t ISA(delta_bf16)(
    const float *live, const float *base, void *delta, size_t count
) {
    vu greatest = vu_zero();
#define DELTA(d, n)                                                                                \
    {                                                                                              \
        vf difference = v_sub(v_load_n(live + d, n), v_load_n(base + d, n));                       \
        greatest = vu_max(greatest, v_magnitude(difference));                                      \
        v_store_bf16_n((char *)delta + 2 * d, v_to_bf16(difference), n);                           \
    }
    FOR_ROW(count, DELTA)
    return vu_greatest(greatest);
}

static uint32_t ISA(max_abs_bf16)(const void *values, size_t count) {
    vu greatest = vu_zero();
#define MAX_ABS(d, n)                                                                              \
    greatest = vu_max(greatest, v_magnitude(v_load_bf16_n((const char *)values + 2 * d, n)));
    FOR_ROW(count, MAX_ABS)
    return vu_greatest(greatest);
}

static uint32_t ISA(axpy_bf16)(float factor, const void *values, float *sum, size_t count) {
    vu greatest = vu_zero();
    vf factors = v_set1(factor);
#define AXPY(d, n)                                                                                 \
    {                                                                                              \
        vf x = v_load_bf16_n((const char *)values + 2 * d, n);                                     \
        x = v_fma(factors, x, v_load_n(sum + d, n));                                               \
        greatest = vu_max(greatest, v_magnitude(x));                                               \
        v_store_n(sum + d, x, n);                                                                  \
    }
    FOR_ROW(count, AXPY)
    return vu_greatest(greatest);
}

static uint32_t ISA(nesterov_row)(
    const float *delta, float *velocity, float *parameters, void *step, size_t count,
    float momentum, float rate, uint32_t *velocity_bits
) {
    vu fastest = vu_zero(), greatest = vu_zero();
    vf momenta = v_set1(momentum), rates = v_set1(rate);
#define NESTEROV(d, n)                                                                             \
    {                                                                                              \
        vf pull = delta ? v_load_n(delta + d, n) : v_zero();                                       \
        vf v = v_fma(momenta, v_load_n(velocity + d, n), pull);                                    \
        vf exact = v_mul(rates, v_fma(momenta, v, pull));                                          \
        vb rounded = v_to_bf16(exact);                                                             \
        vf moved = v_add(v_load_n(parameters + d, n), v_from_bf16(rounded));                       \
        v_store_bf16_n((char *)step + 2 * d, rounded, n);                                          \
        v_store_n(velocity + d, v, n);                                                             \
        v_store_n(parameters + d, moved, n);                                                       \
        fastest = vu_max(fastest, v_magnitude(v));                                                 \
        greatest = vu_max(greatest, vu_max(v_magnitude(exact), v_magnitude(moved)));               \
    }
    FOR_ROW(count, NESTEROV)
    *velocity_bits = vu_greatest(fastest);
    return greater(*velocity_bits, vu_greatest(greatest));
}

static float ISA(normalise_row)(float *row, size_t count) {
    vf sum = v_zero();
#define SQUARE(d, n)                                                                               \
    {                                                                                              \
        vf x = v_load_n(row + d, n);                                                               \
        sum = v_fma(x, x, sum);                                                                    \
    }
#define SCALE(d, n) v_store_n(row + d, v_div(v_load_n(row + d, n), lengths), n);
    { FOR_ROW(count, SQUARE) }
    float length = __builtin_sqrtf(v_sum(sum));
    if (!(length > 0)) return length;
    vf lengths = v_set1(length);
    { FOR_ROW(count, SCALE) }
    return length;
}
