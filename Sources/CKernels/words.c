// Trains word vectors over a stretch of the id stream: one window after another, and its loss.

#include <math.h>
#include <string.h>

#include "word_bags.h"

enum { REPORT_EVERY = 10000, LOSS_EVERY = 64, RATE_EVERY = 64 };

static float softplus(float x) { return x > 30 ? x : log1pf(expf(x)); }

static double window_loss(const word_window *w, const float *scores) {
    double sum = 0;
    int tiles = tile_count(w->input_count, TILE_INPUTS);
    for (int j = 0; j < w->output_count; j++) {
        float target = w->targets[j], rest = (w->weighted ? w->weights[j] : 1) - target;
        for (int i = 0; i < w->input_count; i++) {
            float x = scores[score_index(i, j, tiles)];
            if (target != 0) sum += target * softplus(-x);
            if (rest != 0) sum += rest * softplus(x);
        }
    }
    return sum;
}

static float learning_rate(const word_plan *p) {
    const word_task *t = p->task;
    double here = t->count == 0 ? 1 : (double)p->position / (double)t->count;
    double progress = t->progress_begin + (t->progress_end - t->progress_begin) * here;
    double left = 1 - progress;
    return t->alpha * (float)(left > 1e-4 ? left : 1e-4);
}

static int settings_valid(const word_model *m) {
    return m->vocabulary > 0 && m->window >= 1 && m->window <= WORDS_MAX_RADIUS && m->negative >= 0
        && m->negative < WORDS_MAX_OUTPUTS && m->shared >= 0 && m->shared <= WORDS_MAX_SHARED
        && m->stride % 16 == 0;
}

// Tells the world how far this thread is; true when it was asked to stop.
static int report(const word_plan *p, int64_t *reported) {
    const word_task *t = p->task;
    if (t->words_done != NULL) kernels_counter_add(t->words_done, p->words - *reported);
    *reported = p->words;
    return t->stop != NULL && kernels_counter_load(t->stop) != 0;
}

static void sample_loss(const word_step *s, const word_scratch *scratch, word_result *result) {
    result->loss_sum += window_loss(&s->window, scratch->scores);
    result->loss_count += s->predictions;
}

// All steps, each planned before the one that precedes it is trained, so that its rows arrive
// meanwhile.
static void train_steps(word_plan *p, word_bags *bags, word_result *result) {
    const kernel_table *kernels = bags->kernels;
    size_t stride = p->model->stride;
    word_scratch scratch;
    memset(&scratch, 0, sizeof scratch);
    word_step steps[2];
    word_step *now = &steps[0], *next = &steps[1];
    int64_t reported = 0, count = 0;
    float alpha = 0;
    int more = plan_next(p, now), stopped = 0;
    while (more && !stopped) {
        more = plan_next(p, next);
        if (count % RATE_EVERY == 0) alpha = learning_rate(p);
        bags_gather(bags, now);
        kernels->window(&now->window, more ? &next->window : NULL, stride, alpha, &scratch);
        bags_spread(bags, now);
        if (count % LOSS_EVERY == 0) sample_loss(now, &scratch, result);
        count++;
        result->trained += now->ends;
        stopped = now->ends && p->words - reported >= REPORT_EVERY && report(p, &reported);
        word_step *swap = now;
        now = next;
        next = swap;
    }
    bags_finish(bags);
    report(p, &reported);
}

int words_train(const word_model *model, const word_task *task, word_result *result) {
    memset(result, 0, sizeof *result);
    if (!settings_valid(model)) return WORDS_REFUSED;
    word_bags bags;
    if (bags_open(&bags, model, kernels_current()) != 0) {
        bags_close(&bags);
        return WORDS_OUT_OF_MEMORY;
    }
    word_plan plan = {
        .model = model, .task = task, .form = bags.form, .mean = bags.moved,
        .random = random_seeded(task->seed), .context = -1,
    };
    train_steps(&plan, &bags, result);
    bags_close(&bags);
    result->words = plan.words;
    result->position = plan.position;
    return plan.broken ? WORDS_REFUSED : WORDS_TRAINED;
}

static int is_weighted(const float *weights, int count) {
    for (int j = 0; weights != NULL && j < count; j++) {
        if (weights[j] != 1) return 1;
    }
    return 0;
}

int kernel_word_window(
    float *const *inputs, int input_count, float *const *outputs, int output_count,
    const float *targets, const float *weights, size_t stride, float alpha, double *loss
) {
    if (input_count < 0 || input_count > WORDS_MAX_INPUTS || output_count < 0
        || output_count > WORDS_MAX_OUTPUTS || stride % 16 != 0) {
        return -1;
    }
    if (input_count == 0 || output_count == 0) return 0;
    word_window w = {.input_count = input_count, .output_count = output_count};
    memcpy(w.inputs, inputs, (size_t)input_count * sizeof *inputs);
    memcpy(w.outputs, outputs, (size_t)output_count * sizeof *outputs);
    memcpy(w.targets, targets, (size_t)output_count * sizeof *targets);
    if (weights != NULL) memcpy(w.weights, weights, (size_t)output_count * sizeof *weights);
    w.weighted = is_weighted(weights, output_count);
    word_scratch scratch;
    memset(&scratch, 0, sizeof scratch);
    kernels_current()->window(&w, NULL, stride, alpha, &scratch);
    if (loss != NULL) *loss += window_loss(&w, scratch.scores);
    return 0;
}
