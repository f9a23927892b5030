// Shared by the vector instruction sets: loop macros and the sigmoid over their vocabulary.
//
// sigmoid(x) = 1 / (1 + 2^(-x log2 e)). The exponent is split into a whole number n and f in
// [-1/2, 1/2]; 2^f is its Taylor polynomial of degree 6 (error 2e-7 relative), 2^n is exact. Scores
// are clamped to +-30, where the sigmoid is 0 or 1 as far as a float32 gradient can tell; the
// order of the operands in the clamp sends a NaN to -30.

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#define DEFINE_SIGMOID                                                                             \
    INLINE vf v_sigmoid(vf x) {                                                                    \
        vf t = v_mul(v_min(v_max(x, v_set1(-30.0f)), v_set1(30.0f)), v_set1(-1.44269504f));        \
        vf n = v_round(t);                                                                         \
        vf f = v_sub(t, n);                                                                        \
        vf p = v_set1(1.54035304e-4f);                                                             \
        p = v_fma(p, f, v_set1(1.33335581e-3f));                                                   \
        p = v_fma(p, f, v_set1(9.61812911e-3f));                                                   \
        p = v_fma(p, f, v_set1(5.55041087e-2f));                                                   \
        p = v_fma(p, f, v_set1(2.40226507e-1f));                                                   \
        p = v_fma(p, f, v_set1(6.93147181e-1f));                                                   \
        p = v_fma(p, f, v_set1(1.0f));                                                             \
        return v_div(v_set1(1.0f), v_fma(p, v_exp2(n), v_set1(1.0f)));                             \
    }

#define TABLE(isa)                                                                                 \
    {                                                                                              \
        .name = isa,                                                                               \
        .window = ISA(window),                                                                     \
        .mean_rows = ISA(mean_rows),                                                               \
        .add_to_rows = ISA(add_to_rows),                                                           \
        .delta_changed = ISA(delta_changed),                                                       \
        .delta_bf16 = ISA(delta_bf16),                                                             \
        .max_abs_bf16 = ISA(max_abs_bf16),                                                         \
        .axpy_bf16 = ISA(axpy_bf16),                                                               \
        .nesterov_row = ISA(nesterov_row),                                                         \
        .row_to_int8 = ISA(row_to_int8),                                                           \
        .axpy_int8 = ISA(axpy_int8),                                                               \
        .nesterov_pull = ISA(nesterov_pull),                                                       \
        .normalise_row = ISA(normalise_row),                                                       \
        .scores_f32 = ISA(scores_f32),                                                             \
        .glove_step = ISA(glove_step),                                                             \
    }
