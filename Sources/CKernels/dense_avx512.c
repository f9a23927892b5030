// Dense kernels for AVX-512 (F, BW, DQ, VL).

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "vector.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prfchw"))), \
    apply_to = function)

#define ISA(name) name##_avx512
#define ROWS 12
#include "avx512.h"
#define PANEL (2 * LANES)

#include "activations.template.h"
#include "dense.template.h"

#pragma clang attribute pop

const dense_table dense_avx512 = DENSE_TABLE("avx512", 2 * LANES);

#endif
