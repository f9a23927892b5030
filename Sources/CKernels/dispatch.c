// Chooses the kernels of this CPU at run time and forwards the public functions to them.

#include <string.h>

#include "table.h"

// Best first; scalar is last and always available.
enum { CANDIDATES = 3 };

static const kernel_table *available(int index) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (index == 0) return avx512 ? &kernels_avx512 : NULL;
    if (index == 1) return avx2 ? &kernels_avx2 : NULL;
#elif defined(__aarch64__)
    if (index == 0) return &kernels_neon;
    if (index == 1) return NULL;
#else
    if (index < 2) return NULL;
#endif
    return &kernels_scalar;
}

static const kernel_table *best(void) {
    const kernel_table *table = NULL;
    for (int i = 0; table == NULL; i++) table = available(i);
    return table;
}

// Threads that race to fill this in store the same pointer.
static const kernel_table *current;
static _Thread_local const kernel_table *current_in_thread;

const kernel_table *kernels_current(void) {
    if (current_in_thread != NULL) return current_in_thread;
    const kernel_table *table = __atomic_load_n(&current, __ATOMIC_ACQUIRE);
    if (table == NULL) {
        table = best();
        __atomic_store_n(&current, table, __ATOMIC_RELEASE);
    }
    return table;
}

const char *kernels_isa_name(void) { return kernels_current()->name; }

static const kernel_table *named(const char *name) {
    for (int i = 0; i < CANDIDATES; i++) {
        const kernel_table *table = available(i);
        if (table != NULL && strcmp(table->name, name) == 0) return table;
    }
    return NULL;
}

int kernels_select(const char *name) {
    const kernel_table *table = named(name);
    if (table == NULL) return -1;
    __atomic_store_n(&current, table, __ATOMIC_RELEASE);
    return 0;
}

int kernels_select_in_thread(const char *name) {
    const kernel_table *table = name == NULL ? NULL : named(name);
    if (name != NULL && table == NULL) return -1;
    current_in_thread = table;
    return 0;
}

int64_t kernels_counter_load(const int64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void kernels_counter_add(int64_t *counter, int64_t amount) {
    __atomic_fetch_add(counter, amount, __ATOMIC_RELAXED);
}

void kernels_counter_store(int64_t *counter, int64_t value) {
    __atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

void kernel_mean_rows(
    const float *matrix, size_t stride, const int32_t *rows, const float *shares, size_t count,
    float *mean
) {
    kernels_current()->mean_rows(matrix, stride, rows, shares, count, mean);
}

void kernel_add_to_rows(
    float *matrix, size_t stride, const int32_t *rows, size_t count, const float *moved,
    const float *before
) {
    kernels_current()->add_to_rows(matrix, stride, rows, count, moved, before);
}

int kernel_delta_changed(const float *live, const float *base, size_t count) {
    return kernels_current()->delta_changed(live, base, count);
}

uint32_t kernel_delta_bf16(const float *live, const float *base, void *delta, size_t count) {
    return kernels_current()->delta_bf16(live, base, delta, count);
}

uint32_t kernel_max_abs_bf16(const void *values, size_t count) {
    return kernels_current()->max_abs_bf16(values, count);
}

uint32_t kernel_axpy_bf16(float factor, const void *values, float *sum, size_t count) {
    return kernels_current()->axpy_bf16(factor, values, sum, count);
}

uint32_t kernel_nesterov_row(
    const float *delta, float *velocity, float *parameters, void *step, size_t count,
    float momentum, float rate, uint32_t *velocity_bits
) {
    return kernels_current()->nesterov_row(
        delta, velocity, parameters, step, count, momentum, rate, velocity_bits);
}

uint32_t kernel_row_to_int8(
    const float *row, const float *base, void *values, size_t count, float *scale
) {
    return kernels_current()->row_to_int8(row, base, values, count, scale);
}

uint32_t kernel_axpy_int8(float factor, const void *values, float *sum, size_t count) {
    return kernels_current()->axpy_int8(factor, values, sum, count);
}

uint32_t kernel_nesterov_pull(
    const float *delta, float *velocity, float *step, size_t count, float momentum, float rate
) {
    return kernels_current()->nesterov_pull(delta, velocity, step, count, momentum, rate);
}

float kernel_normalise_row(float *row, size_t count) {
    return kernels_current()->normalise_row(row, count);
}

void kernel_scores_f32(
    const float *queries, size_t query_count, size_t query_stride, const float *rows,
    size_t row_count, size_t row_stride, size_t count, float *scores
) {
    kernels_current()->scores_f32(
        queries, query_count, query_stride, rows, row_count, row_stride, count, scores);
}
