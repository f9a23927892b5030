// The kernels for AVX2 and FMA: 8 lanes, 16 registers.

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "bf16.h"
#include "int8.h"
#include "table.h"
#include "vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define ISA(name) name##_avx2
#include "avx2.h"

DEFINE_SIGMOID

#include "bags.template.h"
#include "rows.template.h"
#include "int8.template.h"
#include "scores.template.h"
#include "window.template.h"
#include "glove.template.h"

#pragma clang attribute pop

const kernel_table kernels_avx2 = TABLE("avx2");

#endif
