// From scores to weights, for the tokens that each token looks at.

// The range of keys that token `i` looks at.
INLINE size_t ISA(first_key)(const dense_attention *a, size_t i) {
    return i > a->before ? dense_smaller(i - a->before, a->key_count) : 0;
}
INLINE size_t ISA(end_key)(const dense_attention *a, size_t i) {
    return i < a->key_count && a->after < a->key_count - 1 - i ? i + a->after + 1 : a->key_count;
}

// Adds the bias of relative positions to the scaled scores of token `i`.
static void ISA(add_bias)(
    const dense_attention *a, size_t head, size_t i, float *scores, size_t begin, size_t end
) {
    const float *bias = a->bias + head * (2 * a->bias_span + 1);
    for (size_t j = begin; j < end; j++) {
        size_t place = j + a->bias_span >= i ? j + a->bias_span - i : 0;
        if (place > 2 * a->bias_span) place = 2 * a->bias_span;
        scores[j] = scores[j] * a->scale + bias[place];
    }
}

// Scores become e^(score - greatest) and zero outside the token's range.
// Returns their sum.
INLINE float ISA(weigh)(
    const dense_attention *a, size_t head, size_t i, float *scores, size_t low, size_t high
) {
    const size_t begin = ISA(first_key)(a, i), end = ISA(end_key)(a, i);
    for (size_t j = low; j < begin; j++) scores[j] = 0;
    for (size_t j = end; j < high; j++) scores[j] = 0;
    float scale = a->scale;
    if (a->bias != NULL) {
        ISA(add_bias)(a, head, i, scores, begin, end);
        scale = 1;
    }
    vf most = v_set1(-INFINITY);
    size_t j = begin;
    for (; j + LANES <= end; j += LANES) most = v_max(most, v_load(scores + j));
    float greatest = v_greatest(most);
    for (; j < end; j++) greatest = scores[j] > greatest ? scores[j] : greatest;
    // e^((score - greatest) scale), as a power of 2
    const vf factor = v_set1(scale * 1.44269504f), top = v_set1(greatest * scale * -1.44269504f);
    vf total = v_zero();
    for (j = begin; j + LANES <= end; j += LANES) {
        vf e = v_exp2_falling(v_fma(v_load(scores + j), factor, top));
        total = v_add(total, e);
        v_store(scores + j, e);
    }
    if (j == end) return v_sum(total);
    const size_t n = end - j;
    v_store_n(scores + j, v_exp2_falling(v_fma(v_load_n(scores + j, n), factor, top)), n);
    return v_sum(v_add(total, v_load_n(scores + j, n)));
}
