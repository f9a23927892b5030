// The vector vocabulary of AVX2 and FMA: 8 lanes, 16 registers.

#define LANES 8
#define INPUTS 2
#define CHUNKS 1

typedef __m256 vf;
typedef __m256i vu;
typedef __m128i vb;

INLINE vf v_zero(void) { return _mm256_setzero_ps(); }
INLINE vf v_set1(float x) { return _mm256_set1_ps(x); }
INLINE vf v_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void v_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
INLINE vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
INLINE vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
INLINE vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
INLINE vf v_div(vf a, vf b) { return _mm256_div_ps(a, b); }
INLINE vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }
INLINE vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
INLINE float v_greatest(vf x) {
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}
INLINE vf v_reciprocal(vf x) { return _mm256_div_ps(_mm256_set1_ps(1.0f), x); }
// A guess at 1 / sqrt(x), x >= 0, of 4 % error, from the bits: makers' instructions differ.
INLINE vf v_rsqrt_guess(vf x) {
    __m256i half = _mm256_srli_epi32(_mm256_castps_si256(x), 1);
    return _mm256_castsi256_ps(_mm256_sub_epi32(_mm256_set1_epi32(0x5F375A86), half));
}
INLINE vf v_round(vf x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
INLINE vf v_exp2(vf n) {
    __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

INLINE float v_sum(vf x) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

INLINE __m256i v_mask(size_t n) {
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}
INLINE vf v_load_n(const float *p, size_t n) {
    return n == LANES ? v_load(p) : _mm256_maskload_ps(p, v_mask(n));
}
INLINE void v_store_n(float *p, vf x, size_t n) {
    if (n == LANES) v_store(p, x);
    else _mm256_maskstore_ps(p, v_mask(n), x);
}

// Rows become columns.
INLINE void v_transpose(vf *x) {
    vf y[8];
    UNROLL for (int i = 0; i < 8; i += 2) {
        y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
    }
    UNROLL for (int i = 0; i < 8; i += 4) {
        x[i] = _mm256_shuffle_ps(y[i], y[i + 2], 0x44);
        x[i + 1] = _mm256_shuffle_ps(y[i], y[i + 2], 0xEE);
        x[i + 2] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0x44);
        x[i + 3] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0xEE);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        y[i] = _mm256_permute2f128_ps(x[i], x[i + 4], 0x20);
        y[i + 4] = _mm256_permute2f128_ps(x[i], x[i + 4], 0x31);
    }
    UNROLL for (int i = 0; i < 8; i++) x[i] = y[i];
}

INLINE vu vu_zero(void) { return _mm256_setzero_si256(); }
INLINE vu vu_max(vu a, vu b) { return _mm256_max_epu32(a, b); }
INLINE uint32_t vu_greatest(vu x) {
    __m128i most = _mm_max_epu32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0x4E));
    return (uint32_t)_mm_cvtsi128_si32(_mm_max_epu32(most, _mm_shuffle_epi32(most, 0xB1)));
}
INLINE vu v_magnitude(vf x) {
    return _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7FFFFFFF));
}

INLINE vb v_to_bf16(vf x) {
    __m256i bits = _mm256_castps_si256(x);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    bits = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd);
    bits = _mm256_srli_epi32(bits, 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
}
INLINE vf v_from_bf16(vb x) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
}
INLINE vf v_load_bf16_n(const void *p, size_t n) {
    vb words = _mm_setzero_si128();
    if (n == LANES) words = _mm_loadu_si128(p);
    else memcpy(&words, p, 2 * n);
    return v_from_bf16(words);
}
INLINE void v_store_bf16_n(void *p, vb x, size_t n) {
    if (n == LANES) _mm_storeu_si128(p, x);
    else memcpy(p, &x, 2 * n);
}

// Signed bytes as floats, and whole numbers as bytes, the nearest where there is none.
INLINE vf v_load_i8_n(const void *p, size_t n) {
    int64_t bytes = 0;
    memcpy(&bytes, p, n);
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(bytes)));
}
INLINE void v_store_i8_n(void *p, vf x, size_t n) {
    __m256i words = _mm256_cvtps_epi32(x);
    __m128i halves =
        _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    int64_t bytes = _mm_cvtsi128_si64(_mm_packs_epi16(halves, halves));
    memcpy(p, &bytes, n);
}

// The sums of two vectors, stored side by side.
INLINE void v_sums(const vf *x, float *to) {
    vf pairs = v_add(_mm256_unpacklo_ps(x[0], x[1]), _mm256_unpackhi_ps(x[0], x[1]));
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
    _mm_storel_pi((__m64 *)to, _mm_add_ps(sum, _mm_movehl_ps(sum, sum)));
}

// Bytes, and codes of 4 and of 2 bits spread over them.
#define BYTES 32
typedef __m256i vq;
INLINE vq vq_table(const uint8_t *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}
INLINE vq vq_nibbles(const uint8_t *p) {
    __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p));
    return _mm256_and_si256(_mm256_or_si256(x, _mm256_slli_epi16(x, 4)), _mm256_set1_epi8(15));
}
INLINE vq vq_pairs(const uint8_t *p) {
    __m256i x = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
    x = _mm256_or_si256(x, _mm256_slli_epi32(x, 6));
    return _mm256_and_si256(_mm256_or_si256(x, _mm256_slli_epi32(x, 12)), _mm256_set1_epi8(3));
}
INLINE vq vq_look_up(vq table, vq codes) { return _mm256_shuffle_epi8(table, codes); }
INLINE void vq_store(uint8_t *p, vq x) { _mm256_storeu_si256((__m256i *)p, x); }
