// Sums of products of rows with a panel of packed weights, written once over how one precision
// multiplies words.
//
// The including file defines, through KIND(name): the types and functions `sum` (a vector of
// running sums), `zero`, `word` (one input word in every lane), `column` (LANES words of a panel)
// and `dot` (their products added to a sum).
//
// A sum is one chain over the depth, in order, whatever rows are computed beside it.
//
// Where AHEAD is defined, words of the panel are fetched into the first-level cache so many before
// they are needed: a panel and the rows that pass by displace each other there. Memory that is
// wanted later may be fetched meanwhile: `step` bytes of `ahead` with every word.

// The sums of `m` rows over `words` words of one panel.
INLINE void KIND(accumulate)(
    const uint32_t *weights, const char *inputs, size_t pitch, size_t words, const char *ahead,
    size_t step, KIND(sum) sums[ROWS][2], const int m, const int is_for_greatest
) {
    UNROLL for (int i = 0; i < m; i++) sums[i][0] = sums[i][1] = KIND(zero)();
    for (size_t k = 0; k < words; k++) {
        if (ahead != NULL) __builtin_prefetch(ahead + k * step, 0, 2);
#ifdef AHEAD
        __builtin_prefetch(weights + (k + AHEAD) * PANEL);
#endif
        KIND(sum) left = KIND(column)(weights + k * PANEL);
        KIND(sum) right = KIND(column)(weights + k * PANEL + LANES);
        UNROLL for (int i = 0; i < m; i++) {
            KIND(sum) word = KIND(word)(inputs + (size_t)i * pitch + 4 * k);
            sums[i][0] = KIND(dot)(sums[i][0], word, left);
            sums[i][1] = KIND(dot)(sums[i][1], word, right);
        }
    }
}
