// Products of bytes for AVX-512 VNNI: four inputs without sign times four weights with sign.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "quantise.h"
#include "vector.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,prfchw"))), \
    apply_to = function)

#define ISA(name) name##_avx512_vnni
#define ROWS 12
#include "avx512.h"
#define PANEL (2 * LANES)

#include "activations.template.h"

#define KIND(name) ISA(name)
#define PER_WORD 4
#define WEIGHT int8_t
#define INPUT uint8_t
typedef __m512i KIND(sum);
INLINE __m512i KIND(zero)(void) { return _mm512_setzero_si512(); }
INLINE __m512i KIND(word)(const char *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}
INLINE __m512i KIND(column)(const uint32_t *p) { return _mm512_loadu_si512(p); }
INLINE __m512i KIND(dot)(__m512i sum, __m512i word, __m512i column) {
    return _mm512_dpbusd_epi32(sum, word, column);
}
INLINE vf KIND(to_float)(__m512i sum) { return _mm512_cvtepi32_ps(sum); }
INLINE void KIND(store)(uint8_t *to, vf q, size_t n) {
    const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(q));
    if (n == LANES) _mm_storeu_si128((__m128i *)to, bytes);
    else _mm_mask_storeu_epi8(to, v_mask(n), bytes);
}

#include "bytes.template.h"
#include "product.template.h"
#include "maximise.template.h"

// Stored bytes 128 + q with one factor for all rows, which need not be brought into another form.
#undef KIND
#define KIND(name) name##_stored
typedef __m512i KIND(sum);
typedef ISA(columns) KIND(columns);
INLINE __m512i KIND(zero)(void) { return _mm512_setzero_si512(); }
INLINE __m512i KIND(word)(const char *p) { return ISA(word)(p); }
INLINE __m512i KIND(column)(const uint32_t *p) { return ISA(column)(p); }
INLINE __m512i KIND(dot)(__m512i sum, __m512i word, __m512i column) {
    return ISA(dot)(sum, word, column);
}
INLINE size_t KIND(pitch)(const dense_product *p) { return p->stride; }
INLINE const char *KIND(first)(const dense_product *p, size_t row) {
    return (const char *)p->inputs + row * p->stride;
}
INLINE KIND(columns) KIND(columns_at)(const dense_product *p, size_t column) {
    KIND(columns) columns = ISA(columns_at)(p, column);
    columns.scales = v_mul(columns.scales, v_set1(p->scale));
    columns.sums = v_mul(columns.sums, v_set1(-128.0f));
    return columns;
}
INLINE vf KIND(value)(const dense_product *p, size_t row, KIND(columns) columns, KIND(sum) sum) {
    return v_mul(v_add(_mm512_cvtepi32_ps(sum), columns.sums), columns.scales);
}
#include "sums.template.h"
#include "maximise.template.h"

#pragma clang attribute pop

const dense_format dense_int8_avx512_vnni = {
    PER_WORD, PER_WORD, PANEL, HEADER, 2, ISA(pack), ISA(convert), ISA(multiply),
    ISA(maximise), maximise_stored, ISA(load),
};

#endif
