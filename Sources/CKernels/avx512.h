// The vector vocabulary of AVX-512 (F, BW, DQ, VL): 16 lanes, 32 registers.

#define LANES 16
#define INPUTS 4
#define CHUNKS 2

typedef __m512 vf;
typedef __m512i vu;
typedef __m256i vb;

INLINE vf v_zero(void) { return _mm512_setzero_ps(); }
INLINE vf v_set1(float x) { return _mm512_set1_ps(x); }
INLINE vf v_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void v_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
INLINE vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
INLINE vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
INLINE vf v_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
INLINE vf v_div(vf a, vf b) { return _mm512_div_ps(a, b); }
INLINE vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }
INLINE vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
INLINE vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE float v_sum(vf x) { return _mm512_reduce_add_ps(x); }
INLINE float v_greatest(vf x) { return _mm512_reduce_max_ps(x); }
// To the last bit but one, by one step of Newton's method.
INLINE vf v_reciprocal(vf x) {
    vf r = _mm512_rcp14_ps(x);
    return _mm512_mul_ps(r, _mm512_fnmadd_ps(r, x, _mm512_set1_ps(2.0f)));
}
// A guess at 1 / sqrt(x), x >= 0, of 4 % error, from the bits: makers' instructions differ.
INLINE vf v_rsqrt_guess(vf x) {
    __m512i half = _mm512_srli_epi32(_mm512_castps_si512(x), 1);
    return _mm512_castsi512_ps(_mm512_sub_epi32(_mm512_set1_epi32(0x5F375A86), half));
}
INLINE vf v_round(vf x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT); }
INLINE vf v_exp2(vf n) { return _mm512_scalef_ps(_mm512_set1_ps(1.0f), n); }

INLINE __mmask16 v_mask(size_t n) { return (__mmask16)((1u << n) - 1); }
INLINE vf v_load_n(const float *p, size_t n) {
    return n == LANES ? v_load(p) : _mm512_maskz_loadu_ps(v_mask(n), p);
}
INLINE void v_store_n(float *p, vf x, size_t n) {
    if (n == LANES) v_store(p, x);
    else _mm512_mask_storeu_ps(p, v_mask(n), x);
}

// Rows become columns.
INLINE void v_transpose(vf *x) {
    vf y[16];
    UNROLL for (int i = 0; i < 16; i += 2) {
        y[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
    }
    UNROLL for (int i = 0; i < 16; i += 4) {
        x[i] = _mm512_shuffle_ps(y[i], y[i + 2], 0x44);
        x[i + 1] = _mm512_shuffle_ps(y[i], y[i + 2], 0xEE);
        x[i + 2] = _mm512_shuffle_ps(y[i + 1], y[i + 3], 0x44);
        x[i + 3] = _mm512_shuffle_ps(y[i + 1], y[i + 3], 0xEE);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        y[i] = _mm512_shuffle_f32x4(x[i], x[i + 4], 0x88);
        y[i + 4] = _mm512_shuffle_f32x4(x[i], x[i + 4], 0xDD);
        y[i + 8] = _mm512_shuffle_f32x4(x[i + 8], x[i + 12], 0x88);
        y[i + 12] = _mm512_shuffle_f32x4(x[i + 8], x[i + 12], 0xDD);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        x[i] = _mm512_shuffle_f32x4(y[i], y[i + 8], 0x88);
        x[i + 8] = _mm512_shuffle_f32x4(y[i], y[i + 8], 0xDD);
        x[i + 4] = _mm512_shuffle_f32x4(y[i + 4], y[i + 12], 0x88);
        x[i + 12] = _mm512_shuffle_f32x4(y[i + 4], y[i + 12], 0xDD);
    }
}

INLINE vu vu_zero(void) { return _mm512_setzero_si512(); }
INLINE vu vu_max(vu a, vu b) { return _mm512_max_epu32(a, b); }
INLINE uint32_t vu_greatest(vu x) { return _mm512_reduce_max_epu32(x); }
INLINE vu v_magnitude(vf x) {
    return _mm512_and_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x7FFFFFFF));
}

// The hardware conversion flushes subnormals, so the rounding is done on the bits.
INLINE vb v_to_bf16(vf x) {
    __m512i bits = _mm512_castps_si512(x);
    __m512i odd = _mm512_and_epi32(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    bits = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16));
}
INLINE vf v_from_bf16(vb x) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
INLINE vf v_load_bf16_n(const void *p, size_t n) {
    return v_from_bf16(n == LANES ? _mm256_loadu_si256(p) : _mm256_maskz_loadu_epi16(v_mask(n), p));
}
INLINE void v_store_bf16_n(void *p, vb x, size_t n) {
    if (n == LANES) _mm256_storeu_si256(p, x);
    else _mm256_mask_storeu_epi16(p, v_mask(n), x);
}

// Signed bytes as floats, and whole numbers as bytes, the nearest where there is none.
INLINE vf v_load_i8_n(const void *p, size_t n) {
    __m128i bytes = n == LANES ? _mm_loadu_si128(p) : _mm_maskz_loadu_epi8(v_mask(n), p);
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}
INLINE void v_store_i8_n(void *p, vf x, size_t n) {
    __m128i bytes = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(x));
    if (n == LANES) _mm_storeu_si128(p, bytes);
    else _mm_mask_storeu_epi8(p, v_mask(n), bytes);
}

// The sums of four vectors, stored side by side.
INLINE void v_sums(const vf *x, float *to) {
    vf ab = v_add(_mm512_unpacklo_ps(x[0], x[1]), _mm512_unpackhi_ps(x[0], x[1]));
    vf cd = v_add(_mm512_unpacklo_ps(x[2], x[3]), _mm512_unpackhi_ps(x[2], x[3]));
    vf lanes = v_add(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xEE));
    __m256 half =
        _mm256_add_ps(_mm512_castps512_ps256(lanes), _mm512_extractf32x8_ps(lanes, 1));
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    _mm_storeu_ps(to, sums);
}

// Bytes, and codes of 4 and of 2 bits spread over them.
#define BYTES 64
typedef __m512i vq;
INLINE vq vq_table(const uint8_t *p) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)p));
}
INLINE vq vq_nibbles(const uint8_t *p) {
    __m512i x = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_and_si512(_mm512_or_si512(x, _mm512_slli_epi16(x, 4)), _mm512_set1_epi8(15));
}
INLINE vq vq_pairs(const uint8_t *p) {
    __m512i x = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
    x = _mm512_or_si512(x, _mm512_slli_epi32(x, 6));
    return _mm512_and_si512(_mm512_or_si512(x, _mm512_slli_epi32(x, 12)), _mm512_set1_epi8(3));
}
INLINE vq vq_look_up(vq table, vq codes) { return _mm512_shuffle_epi8(table, codes); }
INLINE void vq_store(uint8_t *p, vq x) { _mm512_storeu_si512(p, x); }
