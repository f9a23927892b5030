// Products of bytes for 64-bit ARM with FEAT_DotProd: four inputs with sign times four weights with
// sign, so inputs are stored 128 lower and their offsets with them.

#if defined(__aarch64__)

#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "quantise.h"
#include "vector.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define ISA(name) name##_neon_dotprod
#define ROWS 12
#include "neon.h"
#define PANEL (2 * LANES)

#include "activations.template.h"

#define KIND(name) ISA(name)
#define PER_WORD 4
#define WEIGHT int8_t
#define INPUT int8_t
#define LEAST (-128)
typedef int32x4_t KIND(sum);
INLINE int32x4_t KIND(zero)(void) { return vdupq_n_s32(0); }
INLINE int32x4_t KIND(word)(const char *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return vdupq_n_s32(word);
}
INLINE int32x4_t KIND(column)(const uint32_t *p) { return vreinterpretq_s32_u32(vld1q_u32(p)); }
INLINE int32x4_t KIND(dot)(int32x4_t sum, int32x4_t word, int32x4_t column) {
    return vdotq_s32(sum, vreinterpretq_s8_s32(word), vreinterpretq_s8_s32(column));
}
INLINE vf KIND(to_float)(int32x4_t sum) { return vcvtq_f32_s32(sum); }
INLINE void KIND(store)(int8_t *to, vf q, size_t n) {
    const int16x4_t words = vqmovn_s32(vaddq_s32(vcvtnq_s32_f32(q), vdupq_n_s32(LEAST)));
    const int8x8_t bytes = vqmovn_s16(vcombine_s16(words, words));
    memcpy(to, &bytes, n);
}

#include "bytes.template.h"
#include "product.template.h"
#include "maximise.template.h"

#pragma clang attribute pop

const dense_format dense_int8_neon_dotprod = {
    PER_WORD, PER_WORD, PANEL, HEADER, 2, ISA(pack), ISA(convert), ISA(multiply),
    ISA(maximise), NULL, ISA(load),
};

#endif
