// Kernels over rows of int8 with a scale, over the vector vocabulary of an instruction set.
//
// As in rows.template.h, which comes before: steps of LANES values and fewer at the end.

static uint32_t ISA(row_to_int8)(
    const float *row, const float *base, void *values, size_t count, float *scale
) {
    vu greatest = vu_zero();
#define DIFFERENCE(d, n)                                                                           \
    (base ? v_sub(v_load_n(row + (d), n), v_load_n(base + (d), n)) : v_load_n(row + (d), n))
#define GREATEST(d, n) greatest = vu_max(greatest, v_magnitude(DIFFERENCE(d, n)));
    { FOR_ROW(count, GREATEST) }
    const uint32_t most = vu_greatest(greatest);
    const int8_scale found = int8_scale_of(most);
    *scale = found.scale;
    if (found.scale == 0) {
        memset(values, 0, count);
        return most;
    }
    const vf inverse = v_set1(found.inverse);
#define TO_INT8(d, n)                                                                              \
    v_store_i8_n((char *)values + d, v_round(v_mul(DIFFERENCE(d, n), inverse)), n);
    { FOR_ROW(count, TO_INT8) }
    return most;
}

static uint32_t ISA(axpy_int8)(float factor, const void *values, float *sum, size_t count) {
    vu greatest = vu_zero();
    vf factors = v_set1(factor);
#define AXPY_INT8(d, n)                                                                            \
    {                                                                                              \
        vf x = v_load_i8_n((const char *)values + d, n);                                           \
        x = v_fma(factors, x, v_load_n(sum + d, n));                                               \
        greatest = vu_max(greatest, v_magnitude(x));                                               \
        v_store_n(sum + d, x, n);                                                                  \
    }
    FOR_ROW(count, AXPY_INT8)
    return vu_greatest(greatest);
}

static uint32_t ISA(nesterov_pull)(
    const float *delta, float *velocity, float *step, size_t count, float momentum, float rate
) {
    vu fastest = vu_zero();
    vf momenta = v_set1(momentum), rates = v_set1(rate);
#define PULL(d, n)                                                                                 \
    {                                                                                              \
        vf pull = v_load_n(delta + d, n);                                                          \
        vf v = v_fma(momenta, v_load_n(velocity + d, n), pull);                                    \
        v_store_n(velocity + d, v, n);                                                             \
        v_store_n(step + d, v_mul(rates, v_fma(momenta, v, pull)), n);                             \
        fastest = vu_max(fastest, v_magnitude(v));                                                 \
    }
    FOR_ROW(count, PULL)
    return vu_greatest(fastest);
}
