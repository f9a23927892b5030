// Reads sentences from the id stream and lays out the windows around each of their words.

#include <stddef.h>

#include "word_plan.h"

// Most words of a context that one window with a bag predicts; the rest get windows of their own.
enum { PREDICTIONS_MAX = WORDS_MAX_OUTPUTS - WORDS_MAX_SHARED };

word_form word_form_of(const word_model *m) {
    if (m->cbow) return m->bag_offsets == NULL ? FORM_CONTEXT_MEAN : FORM_CONTEXT_BAGS;
    return m->bag_offsets == NULL ? FORM_PAIRS : FORM_CENTRE_BAG;
}

// Reads and subsamples one sentence. False at the end of the stretch.
static int next_sentence(word_plan *p) {
    const word_model *m = p->model;
    const int32_t *ids = p->task->ids;
    size_t position = p->position, count = p->task->count;
    int length = 0;
    if (position == count) return 0;
    while (position < count && length < WORDS_MAX_SENTENCE) {
        int32_t id = ids[position];
        if ((uint32_t)id >= (uint32_t)m->vocabulary) {
            if (id != -1) {
                p->broken = 1;
                p->position = position;
                return 0;
            }
            position++;
            break;
        }
        position++;
        p->words++;
        p->sentence[length] = id;
        // no branch: which words are dropped cannot be predicted
        length += m->keep == NULL || (uint32_t)(random_next(&p->random) >> 32) <= m->keep[id];
    }
    p->position = position;
    p->length = length;
    p->centre = 0;
    p->context = -1;
    return 1;
}

static float *row(float *matrix, const word_model *m, int32_t id) {
    return matrix + (size_t)id * m->stride;
}

// The context around the centre, of random radius.
static void open_centre(word_plan *p) {
    int radius = 1 + (int)random_below(random_next(&p->random), (uint32_t)p->model->window);
    p->begin = p->centre < radius ? 0 : p->centre - radius;
    p->end = p->length - p->centre <= radius ? p->length : p->centre + radius + 1;
    p->context = p->begin;
}

static void add_output(word_window *w, float *output, float target, float weight) {
    w->targets[w->output_count] = target;
    w->weights[w->output_count] = weight;
    w->outputs[w->output_count++] = output;
}

static int find_output(const word_window *w, const float *output) {
    int found = -1;
    for (int j = 0; j < w->output_count; j++) found = w->outputs[j] == output ? j : found;
    return found;
}

static float *draw_negative(word_plan *p) {
    const word_model *m = p->model;
    uint32_t id = alias_draw(m->alias, (uint32_t)m->vocabulary, random_next(&p->random));
    return row(m->outputs, m, (int32_t)id);
}

// A word and its negatives: one that equals the word or an earlier one is dropped. The pairs of a
// window share them, but every centre draws anew: the mean of a context is one example, and four
// centres with the same draws were a sixth faster, lost one to three points of analogies and bore
// no rate above 0.05 (3 seeds).
static void choose_negatives(word_plan *p, int32_t word, word_window *w) {
    const word_model *m = p->model;
    add_output(w, row(m->outputs, m, word), 1, 1);
    for (int n = 0; n < m->negative; n++) {
        float *drawn = draw_negative(p);
        if (find_output(w, drawn) < 0) add_output(w, drawn, 0, 1);
    }
}

// The inner nodes that lead to a word.
static void choose_path(const word_model *m, int32_t word, word_window *w) {
    for (int64_t n = m->path_offsets[word]; n < m->path_offsets[word + 1]; n++) {
        add_output(w, row(m->outputs, m, m->path_nodes[n]), 1 - m->path_codes[n], 1);
    }
}

static void choose_word(word_plan *p, int32_t word, word_window *w) {
    if (p->model->path_offsets != NULL) choose_path(p->model, word, w);
    else choose_negatives(p, word, w);
}

// Draws that stand together for the negatives of each predicted word. As in fastText, a draw that
// equals one of these words is a negative of the others.
static void share_negatives(word_plan *p, int predictions, word_window *w) {
    const word_model *m = p->model;
    float weight = (float)(m->negative * predictions) / (float)m->shared;
    for (int n = 0; n < m->shared; n++) {
        float *drawn = draw_negative(p);
        int j = find_output(w, drawn);
        if (j < 0) add_output(w, drawn, 0, weight);
        else w->weights[j] += weight * (1 - w->targets[j] / (float)predictions);
    }
    w->weighted = 1;
}

// The next words of the context, each a word that the centre's bag predicts.
static void choose_predictions(word_plan *p, word_step *s) {
    const word_model *m = p->model;
    word_window *w = &s->window;
    int most = m->path_offsets != NULL ? 1 : PREDICTIONS_MAX;
    s->predictions = 0;
    for (; p->context < p->end && s->predictions < most; p->context++) {
        if (p->context == p->centre) continue;
        s->predictions++;
        int32_t word = p->sentence[p->context];
        if (m->path_offsets != NULL) {
            choose_path(m, word, w);
            continue;
        }
        int j = find_output(w, row(m->outputs, m, word));
        if (j < 0) {
            add_output(w, row(m->outputs, m, word), 1, 1);
        } else {
            w->targets[j]++;
            w->weights[j]++;
        }
    }
    if (p->context == p->centre) p->context++;
    if (m->path_offsets == NULL && m->shared > 0) share_negatives(p, s->predictions, w);
    else w->weighted = m->path_offsets == NULL;
}

static void plan_centre_bag(word_plan *p, word_step *s) {
    const word_model *m = p->model;
    int32_t word = p->sentence[p->centre];
    s->rows = m->bag_rows + m->bag_offsets[word];
    s->row_count = (int)(m->bag_offsets[word + 1] - m->bag_offsets[word]);
    s->window.inputs[0] = p->mean;
    s->window.input_count = 1;
    choose_predictions(p, s);
}

static void plan_pairs(word_plan *p, word_step *s) {
    const word_model *m = p->model;
    word_window *w = &s->window;
    for (int c = p->begin; c < p->end; c++) {
        if (c != p->centre) w->inputs[w->input_count++] = row(m->inputs, m, p->sentence[c]);
    }
    s->predictions = w->input_count;
    choose_word(p, p->sentence[p->centre], w);
    p->context = p->end;
}

static int bag_length(const word_model *m, int32_t word) {
    return (int)(m->bag_offsets[word + 1] - m->bag_offsets[word]);
}

// The words that come into reach of this centre, and the places of its context.
static void plan_ring(word_plan *p, word_step *s) {
    const word_model *m = p->model;
    int places = ring_length(m);
    s->fresh = p->centre == 0;
    int first = s->fresh ? 0 : p->centre + m->window;
    int last = p->centre + m->window < p->length ? p->centre + m->window : p->length - 1;
    s->enter_place = first % places;
    s->enter_count = 0;
    for (int c = first; c <= last; c++) s->enter[s->enter_count++] = p->sentence[c];
    float rows = 0;
    for (int n = 0; n < s->row_count; n++) {
        s->shares[n] = (float)bag_length(m, p->sentence[s->context[n]]);
        rows += s->shares[n];
        s->context[n] %= places;
    }
    for (int n = 0; n < s->row_count; n++) s->shares[n] /= rows;
}

static void plan_context_mean(word_plan *p, word_step *s) {
    s->row_count = 0;
    for (int c = p->begin; c < p->end; c++) {
        if (c == p->centre) continue;
        s->context[s->row_count++] = p->form == FORM_CONTEXT_BAGS ? c : p->sentence[c];
    }
    s->rows = s->context;
    s->predictions = 1;
    if (p->form == FORM_CONTEXT_BAGS) plan_ring(p, s);
    s->window.inputs[0] = p->mean;
    s->window.input_count = 1;
    choose_word(p, p->sentence[p->centre], &s->window);
    p->context = p->end;
}

static void prefetch_bag(const word_model *m, int32_t word, word_window *w) {
    for (int64_t n = m->bag_offsets[word]; n < m->bag_offsets[word + 1]; n++) {
        if (w->prefetch_count == MAX_PREFETCH) return;
        w->prefetch[w->prefetch_count++] = row(m->inputs, m, m->bag_rows[n]);
    }
}

// Where the bags of later words stand is itself far away in memory.
static void prefetch_lists(const word_plan *p) {
    const word_model *m = p->model;
    int far = p->centre + m->window + 4, near = p->centre + m->window + 2;
    if (p->form == FORM_CENTRE_BAG) far -= m->window, near -= m->window;
    if (far < p->length) __builtin_prefetch(&m->bag_offsets[p->sentence[far]]);
    if (near >= p->length) return;
    const int32_t *rows = m->bag_rows + m->bag_offsets[p->sentence[near]];
    __builtin_prefetch(rows);
    __builtin_prefetch(rows + 16);
}

// The columns that the next centre's draws will read, if it is of this sentence.
static void prefetch_columns(const word_plan *p) {
    const word_model *m = p->model;
    if (m->alias == NULL || p->centre + 1 >= p->length) return;
    random_state ahead = p->random;
    random_next(&ahead);            // for the radius
    int draws = p->form == FORM_CENTRE_BAG ? m->shared : m->negative;
    for (int n = 0; n < draws; n++) {
        __builtin_prefetch(&m->alias[random_below(random_next(&ahead), (uint32_t)m->vocabulary)]);
    }
}

static void choose_prefetch(const word_plan *p, word_step *s) {
    const word_model *m = p->model;
    word_window *w = &s->window;
    for (int j = 0; j < w->output_count; j++) w->prefetch[w->prefetch_count++] = w->outputs[j];
    prefetch_columns(p);
    if (m->bag_offsets != NULL) prefetch_lists(p);
    if (p->form == FORM_CENTRE_BAG) {
        if (s->begins) prefetch_bag(m, p->sentence[p->centre], w);
        return;
    }
    int last = p->centre + m->window;
    int first = p->centre == 0 ? 0 : last;
    for (int c = first; c <= last && c < p->length; c++) {
        if (p->form == FORM_CONTEXT_BAGS) prefetch_bag(m, p->sentence[c], w);
        else w->prefetch[w->prefetch_count++] = row(m->inputs, m, p->sentence[c]);
    }
}

int plan_next(word_plan *p, word_step *s) {
    while (p->centre >= p->length || p->length < 2) {
        if (!next_sentence(p)) return 0;
    }
    s->begins = p->context < 0;
    if (s->begins) open_centre(p);
    s->window.input_count = s->window.output_count = s->window.prefetch_count = 0;
    s->window.weighted = 0;
    if (p->form == FORM_PAIRS) plan_pairs(p, s);
    else if (p->form == FORM_CENTRE_BAG) plan_centre_bag(p, s);
    else plan_context_mean(p, s);
    choose_prefetch(p, s);
    s->ends = p->context >= p->end;
    if (s->ends) {
        p->centre++;
        p->context = -1;
    }
    return 1;
}
