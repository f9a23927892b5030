// Drives skip-gram training over a stretch of the id stream: sentences, windows, prefetching.

#include <math.h>
#include <string.h>

#include "random.h"
#include "table.h"

enum { REPORT_EVERY = 10000, LOSS_EVERY = 64 };

// The stream, the sentence being trained on, and the centre that comes next.
typedef struct cursor {
    const sgns_model *model;
    const sgns_task *task;
    random_state random;
    size_t position;
    int64_t words;
    int broken;                 // a value in the stream was no word
    int length;
    int centre;
    int32_t sentence[SGNS_MAX_SENTENCE];
} cursor;

// Reads and subsamples one sentence. False at the end of the stretch.
static int next_sentence(cursor *c) {
    const sgns_model *m = c->model;
    const int32_t *ids = c->task->ids;
    size_t position = c->position, count = c->task->count;
    int length = 0;
    if (position == count) return 0;
    while (position < count && length < SGNS_MAX_SENTENCE) {
        int32_t id = ids[position];
        if ((uint32_t)id >= (uint32_t)m->vocabulary) {
            if (id != -1) {
                c->broken = 1;
                c->position = position;
                return 0;
            }
            position++;
            break;
        }
        position++;
        c->words++;
        c->sentence[length] = id;
        // no branch: which words are dropped cannot be predicted
        length += m->keep == NULL || (uint32_t)(random_next(&c->random) >> 32) <= m->keep[id];
    }
    c->position = position;
    c->length = length;
    c->centre = 0;
    return 1;
}

static float *row(float *matrix, const sgns_model *m, int32_t id) {
    return matrix + (size_t)id * m->stride;
}

// The centre and its negatives: one that equals the centre or an earlier one is dropped.
static void choose_outputs(cursor *c, int32_t centre, sgns_window *w) {
    const sgns_model *m = c->model;
    w->outputs[0] = row(m->outputs, m, centre);
    w->output_count = 1;
    for (int n = 0; n < m->negative; n++) {
        uint64_t draw = random_next(&c->random);
        uint32_t id = sgns_alias_draw(m->alias, (uint32_t)m->vocabulary, draw);
        float *drawn = row(m->outputs, m, (int32_t)id);
        int known = 0;
        for (int j = 0; j < w->output_count; j++) known |= w->outputs[j] == drawn;
        if (!known) w->outputs[w->output_count++] = drawn;
    }
}

// Context rows around the centre, and which of them this sentence has not touched before.
static void choose_inputs(cursor *c, sgns_window *w) {
    const sgns_model *m = c->model;
    int radius = 1 + (int)random_below(random_next(&c->random), (uint32_t)m->window);
    int begin = c->centre < radius ? 0 : c->centre - radius;
    int end = c->length - c->centre <= radius ? c->length : c->centre + radius + 1;
    w->input_count = 0;
    for (int p = begin; p < end; p++) {
        if (p != c->centre) w->inputs[w->input_count++] = row(m->inputs, m, c->sentence[p]);
    }
}

static void choose_prefetch(cursor *c, sgns_window *w) {
    const sgns_model *m = c->model;
    int first = c->centre == 0 ? 0 : c->centre + m->window;
    int last = c->centre + m->window;
    w->prefetch_count = 0;
    for (int j = 0; j < w->output_count; j++) w->prefetch[w->prefetch_count++] = w->outputs[j];
    for (int p = first; p <= last && p < c->length; p++) {
        w->prefetch[w->prefetch_count++] = row(m->inputs, m, c->sentence[p]);
    }
}

// Plans the next window, reading on as needed. False at the end of the stretch.
static int next_window(cursor *c, sgns_window *w) {
    while (c->centre >= c->length || c->length < 2) {
        if (!next_sentence(c)) return 0;
    }
    choose_inputs(c, w);
    choose_outputs(c, c->sentence[c->centre], w);
    choose_prefetch(c, w);
    c->centre++;
    return 1;
}

static double window_loss(const sgns_window *w, const float *scores) {
    double sum = 0;
    int tiles = tile_count(w->input_count, TILE_INPUTS);
    for (int j = 0; j < w->output_count; j++) {
        for (int i = 0; i < w->input_count; i++) {
            float x = scores[score_index(i, j, tiles)];
            if (j == 0) x = -x;
            sum += x > 30 ? x : log1pf(expf(x));
        }
    }
    return sum;
}

static float learning_rate(const cursor *c) {
    const sgns_task *t = c->task;
    double here = t->count == 0 ? 1 : (double)c->position / (double)t->count;
    double progress = t->progress_begin + (t->progress_end - t->progress_begin) * here;
    double left = 1 - progress;
    return t->alpha * (float)(left > 1e-4 ? left : 1e-4);
}

static int settings_valid(const sgns_model *m) {
    return m->vocabulary > 0 && m->window >= 1 && m->window <= SGNS_MAX_RADIUS && m->negative >= 0
        && m->negative < SGNS_MAX_OUTPUTS && m->stride % 16 == 0;
}

// Tells the world how far this thread is; true when it was asked to stop.
static int report(const cursor *c, int64_t *reported) {
    const sgns_task *t = c->task;
    if (t->words_done != NULL) kernels_counter_add(t->words_done, c->words - *reported);
    *reported = c->words;
    return t->stop != NULL && kernels_counter_load(t->stop) != 0;
}

int sgns_train(const sgns_model *model, const sgns_task *task, sgns_result *result) {
    memset(result, 0, sizeof *result);
    if (!settings_valid(model)) return -1;
    const kernel_table *kernels = kernels_current();
    cursor c = {.model = model, .task = task, .random = random_seeded(task->seed)};
    sgns_scratch scratch;
    memset(&scratch, 0, sizeof scratch);
    sgns_window windows[2];
    sgns_window *now = &windows[0], *next = &windows[1];
    int64_t reported = 0;
    float alpha = 0;
    int more = next_window(&c, now);
    while (more) {
        more = next_window(&c, next);
        if (result->trained % 64 == 0) alpha = learning_rate(&c);
        kernels->window(now, more ? next : NULL, model->stride, alpha, &scratch);
        if (result->trained % LOSS_EVERY == 0) {
            result->loss_sum += window_loss(now, scratch.scores);
            result->loss_count += now->input_count;
        }
        result->trained++;
        sgns_window *swap = now;
        now = next;
        next = swap;
        if (c.words - reported >= REPORT_EVERY && report(&c, &reported)) break;
    }
    report(&c, &reported);
    result->words = c.words;
    result->position = c.position;
    return c.broken ? -1 : 0;
}

int kernel_sgns_window(
    float *const *inputs, int input_count, float *const *outputs, int output_count,
    size_t stride, float alpha, double *loss
) {
    if (input_count < 0 || input_count > SGNS_MAX_INPUTS || output_count < 0
        || output_count > SGNS_MAX_OUTPUTS || stride % 16 != 0) {
        return -1;
    }
    if (input_count == 0 || output_count == 0) return 0;
    sgns_window w = {.input_count = input_count, .output_count = output_count};
    memcpy(w.inputs, inputs, (size_t)input_count * sizeof *inputs);
    memcpy(w.outputs, outputs, (size_t)output_count * sizeof *outputs);
    sgns_scratch scratch;
    memset(&scratch, 0, sizeof scratch);
    kernels_current()->window(&w, NULL, stride, alpha, &scratch);
    if (loss != NULL) *loss += window_loss(&w, scratch.scores);
    return 0;
}
