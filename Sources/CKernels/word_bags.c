// Gathers the means of bags and spreads their changes, directly or through a ring of near words.

#include <stdlib.h>
#include <string.h>

#include "word_bags.h"

int bags_open(word_bags *b, const word_model *m, const kernel_table *kernels) {
    memset(b, 0, sizeof *b);
    b->kernels = kernels;
    b->model = m;
    b->form = word_form_of(m);
    if (b->form == FORM_PAIRS) return 0;
    size_t places = b->form == FORM_CONTEXT_BAGS ? (size_t)ring_length(m) : 0;
    b->before = aligned_alloc(64, (2 + 2 * places) * m->stride * sizeof(float));
    if (b->before == NULL) return -1;
    b->moved = b->before + m->stride;
    if (places == 0) return 0;
    b->ring_before = b->moved + m->stride;
    b->ring = b->ring_before + places * m->stride;
    b->words = malloc(places * sizeof(int32_t));
    if (b->words == NULL) return -1;
    for (size_t n = 0; n < places; n++) b->words[n] = -1;
    return 0;
}

void bags_close(word_bags *b) {
    free(b->before);
    free(b->words);
}

static void leave_ring(word_bags *b, int place) {
    const word_model *m = b->model;
    int32_t word = b->words[place];
    if (word < 0) return;
    int64_t begin = m->bag_offsets[word];
    size_t count = (size_t)(m->bag_offsets[word + 1] - begin);
    size_t at = (size_t)place * m->stride;
    b->kernels->add_to_rows(
        m->inputs, m->stride, m->bag_rows + begin, count, b->ring + at, b->ring_before + at);
    b->words[place] = -1;
}

static void enter_ring(word_bags *b, int place, int32_t word) {
    const word_model *m = b->model;
    int64_t begin = m->bag_offsets[word];
    size_t count = (size_t)(m->bag_offsets[word + 1] - begin);
    float *mean = b->ring + (size_t)place * m->stride;
    b->kernels->mean_rows(m->inputs, m->stride, m->bag_rows + begin, NULL, count, mean);
    memcpy(b->ring_before + (size_t)place * m->stride, mean, m->stride * sizeof(float));
    b->words[place] = word;
}

static void advance_ring(word_bags *b, const word_step *s) {
    int places = ring_length(b->model);
    if (s->fresh) bags_finish(b);
    for (int n = 0; n < s->enter_count; n++) {
        int place = (s->enter_place + n) % places;
        leave_ring(b, place);
        enter_ring(b, place, s->enter[n]);
    }
}

void bags_gather(word_bags *b, const word_step *s) {
    const word_model *m = b->model;
    if (b->form == FORM_PAIRS || !s->begins) return;
    if (b->form == FORM_CONTEXT_BAGS) {
        advance_ring(b, s);
        b->kernels->mean_rows(
            b->ring, m->stride, s->context, s->shares, (size_t)s->row_count, b->moved);
    } else {
        b->kernels->mean_rows(
            m->inputs, m->stride, s->rows, NULL, (size_t)s->row_count, b->moved);
    }
    memcpy(b->before, b->moved, m->stride * sizeof(float));
}

void bags_spread(word_bags *b, const word_step *s) {
    const word_model *m = b->model;
    if (b->form == FORM_PAIRS || !s->ends) return;
    int ringed = b->form == FORM_CONTEXT_BAGS;
    // what moves every row of a bag by so much moves its mean as far
    b->kernels->add_to_rows(
        ringed ? b->ring : m->inputs, m->stride, ringed ? s->context : s->rows,
        (size_t)s->row_count, b->moved, b->before);
}

void bags_finish(word_bags *b) {
    if (b->words == NULL) return;
    for (int place = 0; place < ring_length(b->model); place++) leave_ring(b, place);
}
