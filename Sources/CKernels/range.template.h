// The range of a row that becomes bytes, alike for all vector instruction sets.

// The least and the greatest value of a row, and zero.
INLINE void KIND(range)(const float *x, size_t depth, float *least, float *most) {
    vf low[2] = {v_zero(), v_zero()}, high[2] = {v_zero(), v_zero()};
    size_t k = 0;
    for (; k + 2 * LANES <= depth; k += 2 * LANES) {
        UNROLL for (int i = 0; i < 2; i++) {
            vf y = v_load(x + k + (size_t)i * LANES);
            low[i] = v_min(low[i], y);
            high[i] = v_max(high[i], y);
        }
    }
    for (; k < depth; k += LANES) {
        vf y = v_load_n(x + k, dense_smaller(LANES, depth - k));
        low[0] = v_min(low[0], y);
        high[0] = v_max(high[0], y);
    }
    *least = -v_greatest(v_sub(v_zero(), v_min(low[0], low[1])));
    *most = v_greatest(v_max(high[0], high[1]));
}
