// Activations and the exponential, written once over the vector vocabulary of an instruction set.
//
// ABREAST vectors are activated at a time, 1 if the including file does not say.

#ifndef ABREAST
#define ABREAST 1
#endif

// 2^f for f in [-1/2, 1/2], by the polynomial of degree 5 with the least relative error (1.5e-7
// with these coefficients).
INLINE vf v_fraction_exp2(vf f) {
    vf p = v_set1(1.32764725e-3f);
    p = v_fma(p, f, v_set1(9.67554748e-3f));
    p = v_fma(p, f, v_set1(5.55071346e-2f));
    p = v_fma(p, f, v_set1(0.240221202f));
    p = v_fma(p, f, v_set1(0.693146944f));
    return v_fma(p, f, v_set1(1.00000012f));
}

// 2^t for t <= 0. Below -115 it is next to 0, but products with it are not yet subnormal, which
// would be slow.
INLINE vf v_exp2_falling(vf t) {
    t = v_max(t, v_set1(-115.0f));
    vf n = v_round(t);
    return v_mul(v_fraction_exp2(v_sub(t, n)), v_exp2(n));
}

// e^x, likewise next to 0 below -80.
INLINE vf v_exp(vf x) {
    x = v_min(v_max(x, v_set1(-80.0f)), v_set1(88.0f));
    vf n = v_round(v_mul(x, v_set1(1.44269504f)));
    vf f = v_fma(x, v_set1(1.44269504f), v_sub(v_zero(), n));
    return v_mul(v_fraction_exp2(f), v_exp2(n));
}

INLINE vf v_logistic(vf x) {
    return v_reciprocal(v_add(v_set1(1.0f), v_exp(v_sub(v_zero(), x))));
}

// s erfc(s / √2) / 2 for 0 <= s <= 5.5 as a polynomial of t = 2 s / 5.5 - 1, highest power first:
// the one of degree 16 with the least error (2.8e-7 in Float32, found by iterated weighted least
// squares). From there on the function is below 1.1e-7.
static const float ISA(gelu_terms)[17] = {
    -0.0151766492f, -0.000804900716f, 0.0968952924f, -0.0364095755f, -0.253704518f,
    0.230842754f, 0.269595474f, -0.544100165f, 0.152561009f, 0.45922327f,
    -0.628607929f, 0.260516047f, 0.178981066f, -0.308689743f, 0.191261902f,
    -0.0605777502f, 0.00819438044f,
};

// x Φ(x) = max(x, 0) - |x| erfc(|x| / √2) / 2, of `n` vectors: each term of the polynomial waits
// for the one before, which is time for the other vectors' terms.
INLINE void v_gelu(vf *x, const int n) {
    vf t[ABREAST], p[ABREAST];
    UNROLL for (int j = 0; j < n; j++) {
        vf size = v_min(v_max(x[j], v_sub(v_zero(), x[j])), v_set1(5.5f));
        t[j] = v_fma(size, v_set1(2 / 5.5f), v_set1(-1.0f));
        p[j] = v_set1(ISA(gelu_terms)[0]);
    }
    UNROLL for (int i = 1; i < 17; i++) {
        UNROLL for (int j = 0; j < n; j++) p[j] = v_fma(p[j], t[j], v_set1(ISA(gelu_terms)[i]));
    }
    UNROLL for (int j = 0; j < n; j++) x[j] = v_sub(v_max(x[j], v_zero()), p[j]);
}

// x σ(2 √(2/π) (x + 0.044715 x³)), which is GELU's approximation by tanh.
INLINE vf v_gelu_tanh(vf x) {
    vf inner = v_fma(v_mul(x, x), v_set1(2 * 0.79788456f * 0.044715f), v_set1(2 * 0.79788456f));
    return v_mul(x, v_logistic(v_mul(x, inner)));
}

INLINE vf v_activate(dense_activation activation, vf x) {
    switch (activation) {
    case DENSE_IDENTITY: return x;
    case DENSE_GELU: v_gelu(&x, 1); return x;
    case DENSE_GELU_TANH: return v_gelu_tanh(x);
    case DENSE_SILU: return v_mul(x, v_logistic(x));
    case DENSE_RELU: return v_max(x, v_zero());
    case DENSE_TANH: {
        vf s = v_logistic(v_mul(v_set1(2.0f), x));
        return v_fma(v_set1(2.0f), s, v_set1(-1.0f));
    }
    }
    return x;
}

// Of ABREAST vectors.
INLINE void v_activate_abreast(dense_activation activation, vf *x) {
    if (activation == DENSE_GELU) {
        v_gelu(x, ABREAST);
        return;
    }
    UNROLL for (int j = 0; j < ABREAST; j++) x[j] = v_activate(activation, x[j]);
}

// The branch over the kind stands outside the loops, so that each loop holds one formula.
#define EACH_ACTIVATION(RUN)                                                                       \
    switch (activation) {                                                                          \
    case DENSE_IDENTITY: RUN(DENSE_IDENTITY) break;                                                \
    case DENSE_GELU: RUN(DENSE_GELU) break;                                                        \
    case DENSE_GELU_TANH: RUN(DENSE_GELU_TANH) break;                                              \
    case DENSE_SILU: RUN(DENSE_SILU) break;                                                        \
    case DENSE_RELU: RUN(DENSE_RELU) break;                                                        \
    case DENSE_TANH: RUN(DENSE_TANH) break;                                                        \
    }

// to = activation(from) + residual, row by row; the residual may be NULL, or what stands at `to`.
static void ISA(activate_rows)(
    dense_activation activation, const float *from, size_t from_stride, size_t rows,
    size_t columns, const float *residual, float *to, size_t to_stride
) {
#define RUN(kind)                                                                                  \
    for (size_t row = 0; row < rows; row++, from += from_stride, to += to_stride) {                \
        size_t i = 0;                                                                              \
        for (; i + ABREAST * LANES <= columns; i += ABREAST * LANES) {                             \
            vf y[ABREAST];                                                                         \
            UNROLL for (int j = 0; j < ABREAST; j++) y[j] = v_load(from + i + j * LANES);          \
            v_activate_abreast(kind, y);                                                           \
            UNROLL for (int j = 0; j < ABREAST; j++) {                                             \
                const size_t place = i + (size_t)j * LANES;                                        \
                if (residual != NULL) {                                                            \
                    y[j] = v_add(y[j], v_load(residual + row * to_stride + place));                \
                }                                                                                  \
                v_store(to + place, y[j]);                                                         \
            }                                                                                      \
        }                                                                                          \
        for (; i < columns; i += LANES) {                                                          \
            const size_t n = dense_smaller(LANES, columns - i);                                    \
            vf y = v_activate(kind, v_load_n(from + i, n));                                        \
            if (residual != NULL) {                                                                \
                y = v_add(y, v_load_n(residual + row * to_stride + i, n));                         \
            }                                                                                      \
            v_store_n(to + i, y, n);                                                               \
        }                                                                                          \
    }
    EACH_ACTIVATION(RUN)
#undef RUN
}
