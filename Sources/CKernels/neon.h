// The vector vocabulary of 64-bit ARM: 4 lanes, 32 registers.

#define LANES 4
#define INPUTS 4
#define CHUNKS 2

typedef float32x4_t vf;
typedef uint32x4_t vu;
typedef uint16x4_t vb;

INLINE vf v_zero(void) { return vdupq_n_f32(0); }
INLINE vf v_set1(float x) { return vdupq_n_f32(x); }
INLINE vf v_load(const float *p) { return vld1q_f32(p); }
INLINE void v_store(float *p, vf x) { vst1q_f32(p, x); }
INLINE vf v_add(vf a, vf b) { return vaddq_f32(a, b); }
INLINE vf v_sub(vf a, vf b) { return vsubq_f32(a, b); }
INLINE vf v_mul(vf a, vf b) { return vmulq_f32(a, b); }
INLINE vf v_div(vf a, vf b) { return vdivq_f32(a, b); }
// the number wins over a NaN, as the clamp of the sigmoid wants
INLINE vf v_min(vf a, vf b) { return vminnmq_f32(a, b); }
INLINE vf v_max(vf a, vf b) { return vmaxnmq_f32(a, b); }
INLINE vf v_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
INLINE float v_sum(vf x) { return vaddvq_f32(x); }
INLINE float v_greatest(vf x) { return vmaxvq_f32(x); }
INLINE vf v_reciprocal(vf x) { return vdivq_f32(vdupq_n_f32(1.0f), x); }
// A guess at 1 / sqrt(x), x >= 0, of 4 % error, from the bits: makers' instructions differ.
INLINE vf v_rsqrt_guess(vf x) {
    uint32x4_t half = vshrq_n_u32(vreinterpretq_u32_f32(x), 1);
    return vreinterpretq_f32_u32(vsubq_u32(vdupq_n_u32(0x5F375A86), half));
}
INLINE vf v_round(vf x) { return vrndnq_f32(x); }
INLINE vf v_exp2(vf n) {
    return vreinterpretq_f32_s32(
        vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23));
}

INLINE vf v_load_n(const float *p, size_t n) {
    if (n == LANES) return v_load(p);
    float part[LANES] = {0};
    memcpy(part, p, n * sizeof(float));
    return v_load(part);
}
INLINE void v_store_n(float *p, vf x, size_t n) {
    if (n == LANES) v_store(p, x);
    else memcpy(p, &x, n * sizeof(float));
}

// Rows become columns.
INLINE void v_transpose(vf *x) {
    float32x4x2_t a = vtrnq_f32(x[0], x[1]), b = vtrnq_f32(x[2], x[3]);
    x[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    x[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    x[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    x[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

INLINE vu vu_zero(void) { return vdupq_n_u32(0); }
INLINE vu vu_max(vu a, vu b) { return vmaxq_u32(a, b); }
INLINE uint32_t vu_greatest(vu x) { return vmaxvq_u32(x); }
INLINE vu v_magnitude(vf x) {
    return vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x7FFFFFFF));
}

INLINE vb v_to_bf16(vf x) {
    uint32x4_t bits = vreinterpretq_u32_f32(x);
    uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    bits = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7FFF)), odd);
    return vshrn_n_u32(bits, 16);
}
INLINE vf v_from_bf16(vb x) { return vreinterpretq_f32_u32(vshll_n_u16(x, 16)); }
INLINE vf v_load_bf16_n(const void *p, size_t n) {
    vb words = vdup_n_u16(0);
    memcpy(&words, p, 2 * n);
    return v_from_bf16(words);
}
INLINE void v_store_bf16_n(void *p, vb x, size_t n) { memcpy(p, &x, 2 * n); }

// Signed bytes as floats, and whole numbers as bytes, the nearest where there is none.
INLINE vf v_load_i8_n(const void *p, size_t n) {
    int32_t bytes = 0;
    memcpy(&bytes, p, n);
    int16x8_t halves = vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(bytes)));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(halves)));
}
INLINE void v_store_i8_n(void *p, vf x, size_t n) {
    int16x4_t halves = vqmovn_s32(vcvtnq_s32_f32(x));
    int8x8_t bytes = vqmovn_s16(vcombine_s16(halves, halves));
    memcpy(p, &bytes, n);
}

// The sums of four vectors, stored side by side.
INLINE void v_sums(const vf *x, float *to) {
    v_store(to, vpaddq_f32(vpaddq_f32(x[0], x[1]), vpaddq_f32(x[2], x[3])));
}

// Bytes, and codes of 4 and of 2 bits spread over them.
#define BYTES 16
typedef uint8x16_t vq;
INLINE vq vq_table(const uint8_t *p) { return vld1q_u8(p); }
INLINE vq vq_nibbles(const uint8_t *p) {
    uint16x8_t x = vmovl_u8(vld1_u8(p));
    return vandq_u8(vreinterpretq_u8_u16(vorrq_u16(x, vshlq_n_u16(x, 4))), vdupq_n_u8(15));
}
INLINE vq vq_pairs(const uint8_t *p) {
    uint32_t word;
    memcpy(&word, p, sizeof word);
    uint16x8_t wide = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(word)));
    uint32x4_t x = vmovl_u16(vget_low_u16(wide));
    x = vorrq_u32(x, vshlq_n_u32(x, 6));
    x = vorrq_u32(x, vshlq_n_u32(x, 12));
    return vandq_u8(vreinterpretq_u8_u32(x), vdupq_n_u8(3));
}
INLINE vq vq_look_up(vq table, vq codes) { return vqtbl1q_u8(table, codes); }
INLINE void vq_store(uint8_t *p, vq x) { vst1q_u8(p, x); }
