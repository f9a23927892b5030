// Drives GloVe training over cells of the matrix of counts, fetching rows ahead.

#include <string.h>

#include "glove.h"
#include "table.h"

enum { GLOVE_REPORT_EVERY = 10000 };

static int model_valid(const glove_model *m) {
    return m->vocabulary > 0 && m->dim > 0 && m->accumulators > m->dim
        && m->accumulators + m->dim < m->stride;
}

static int cell_valid(const glove_model *m, const glove_cell *cell) {
    return cell->word < (uint32_t)m->vocabulary && cell->context < (uint32_t)m->vocabulary;
}

// The update of (word, context), while the same rows of `next` are fetched.
static void update(
    const kernel_table *kernels, const glove_model *m, const glove_cell *cell, uint32_t word,
    uint32_t context, uint32_t next_word, uint32_t next_context, glove_result *result
) {
    glove_step step = {
        .word = m->words + (size_t)word * m->stride,
        .context = m->contexts + (size_t)context * m->stride,
        .next_word = m->words + (size_t)next_word * m->stride,
        .next_context = m->contexts + (size_t)next_context * m->stride,
        .dim = m->dim,
        .accumulators = m->accumulators,
        .log_count = cell->log_count,
        .weight = cell->weight,
        .eta = m->eta,
    };
    float difference = kernels->glove_step(&step);
    if (!glove_finite(cell->weight * difference)) {
        result->skipped++;
        return;
    }
    result->updates++;
    result->loss_sum += 0.5 * (double)cell->weight * difference * difference;
}

// Tells the world how far this thread is; true when it was asked to stop.
static int report(const glove_task *task, const glove_result *result, size_t *reported) {
    if (task->cells_done != NULL) {
        kernels_counter_add(task->cells_done, (int64_t)(result->position - *reported));
    }
    *reported = result->position;
    return task->stop != NULL && kernels_counter_load(task->stop) != 0;
}

int glove_train(const glove_model *model, const glove_task *task, glove_result *result) {
    memset(result, 0, sizeof *result);
    if (!model_valid(model)) return -1;
    const kernel_table *kernels = kernels_current();
    size_t reported = 0;
    if (task->count > 0 && !cell_valid(model, &task->cells[0])) return -1;
    while (result->position < task->count) {
        const glove_cell *cell = &task->cells[result->position];
        const glove_cell *next = result->position + 1 < task->count ? cell + 1 : cell;
        if (!cell_valid(model, next)) {
            result->position++;
            report(task, result, &reported);
            return -1;
        }
        update(kernels, model, cell, cell->word, cell->context, next->word, next->context, result);
        if (model->symmetric && cell->word != cell->context) {
            update(
                kernels, model, cell, cell->context, cell->word, next->context, next->word, result);
        }
        result->position++;
        if (result->position - reported >= GLOVE_REPORT_EVERY && report(task, result, &reported)) {
            return 0;
        }
    }
    report(task, result, &reported);
    return 0;
}

float kernel_glove_step(
    float *word, float *context, size_t dim, size_t accumulators, float log_count, float weight,
    float eta
) {
    glove_step step = {word, context, word, context, dim, accumulators, log_count, weight, eta};
    return kernels_current()->glove_step(&step);
}
