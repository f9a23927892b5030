// The kernels for AVX-512 (F, BW, DQ, VL): 16 lanes, 32 registers.

#if defined(__x86_64__)

#include <immintrin.h>

#include "bf16.h"
#include "int8.h"
#include "table.h"
#include "vector.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prfchw"))), \
    apply_to = function)

#define ISA(name) name##_avx512
#include "avx512.h"

DEFINE_SIGMOID

#include "bags.template.h"
#include "rows.template.h"
#include "int8.template.h"
#include "scores.template.h"
#include "window.template.h"
#include "glove.template.h"

#pragma clang attribute pop

const kernel_table kernels_avx512 = TABLE("avx512");

#endif
