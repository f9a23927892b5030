// Activations and the exponential, written once over the vector vocabulary of an instruction set.

// e^x: x log2 e is split into a whole number n and f in [-1/2, 1/2]; 2^f is its Taylor polynomial
// of degree 6 (error 2e-7 relative), 2^n is exact. Below -80 the result is next to 0, and products with it are
// not yet subnormal, which would be slow.
INLINE vf v_exp(vf x) {
    x = v_min(v_max(x, v_set1(-80.0f)), v_set1(88.0f));
    vf n = v_round(v_mul(x, v_set1(1.44269504f)));
    vf f = v_fma(x, v_set1(1.44269504f), v_sub(v_zero(), n));
    vf p = v_set1(1.54035304e-4f);
    p = v_fma(p, f, v_set1(1.33335581e-3f));
    p = v_fma(p, f, v_set1(9.61812911e-3f));
    p = v_fma(p, f, v_set1(5.55041087e-2f));
    p = v_fma(p, f, v_set1(2.40226507e-1f));
    p = v_fma(p, f, v_set1(6.93147181e-1f));
    p = v_fma(p, f, v_set1(1.0f));
    return v_mul(p, v_exp2(n));
}

INLINE vf v_logistic(vf x) {
    return v_reciprocal(v_add(v_set1(1.0f), v_exp(v_sub(v_zero(), x))));
}

// x Φ(x) = max(x, 0) - |x| q, where q = erfc(|x| / √2) / 2 by formula 7.1.26 of Abramowitz and
// Stegun (error 1.5e-7).
INLINE vf v_gelu(vf x) {
    vf size = v_max(x, v_sub(v_zero(), x));
    vf z = v_mul(size, v_set1(0.707106781f));
    vf t = v_reciprocal(v_fma(z, v_set1(0.3275911f), v_set1(1.0f)));
    vf p = v_set1(0.5f * 1.061405429f);
    p = v_fma(p, t, v_set1(0.5f * -1.453152027f));
    p = v_fma(p, t, v_set1(0.5f * 1.421413741f));
    p = v_fma(p, t, v_set1(0.5f * -0.284496736f));
    p = v_fma(p, t, v_set1(0.5f * 0.254829592f));
    vf e = v_exp(v_mul(v_sub(v_zero(), z), z));
    vf q = v_mul(v_mul(p, t), e);
    return v_fma(v_sub(v_zero(), size), q, v_max(x, v_zero()));
}

// x σ(2 √(2/π) (x + 0.044715 x³)), which is GELU's approximation by tanh.
INLINE vf v_gelu_tanh(vf x) {
    vf inner = v_fma(v_mul(x, x), v_set1(2 * 0.79788456f * 0.044715f), v_set1(2 * 0.79788456f));
    return v_mul(x, v_logistic(v_mul(x, inner)));
}

INLINE vf v_activate(dense_activation activation, vf x) {
    switch (activation) {
    case DENSE_IDENTITY: return x;
    case DENSE_GELU: return v_gelu(x);
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

// The branch over the kind stands outside the loops, so that each loop holds one formula.
#define EACH_ACTIVATION(RUN)                                                                       \
    switch (activation) {                                                                          \
    case DENSE_IDENTITY: break;                                                                    \
    case DENSE_GELU: RUN(DENSE_GELU) break;                                                        \
    case DENSE_GELU_TANH: RUN(DENSE_GELU_TANH) break;                                              \
    case DENSE_SILU: RUN(DENSE_SILU) break;                                                        \
    case DENSE_RELU: RUN(DENSE_RELU) break;                                                        \
    case DENSE_TANH: RUN(DENSE_TANH) break;                                                        \
    }

static void ISA(activate)(dense_activation activation, float *x, size_t count) {
#define RUN(kind)                                                                                  \
    for (size_t i = 0; i < count; i += LANES) {                                                    \
        const size_t n = dense_smaller(LANES, count - i);                                          \
        v_store_n(x + i, v_activate(kind, v_load_n(x + i, n)), n);                                 \
    }
    EACH_ACTIVATION(RUN)
#undef RUN
}
