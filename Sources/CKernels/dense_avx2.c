// Dense kernels for AVX2 and FMA.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define ISA(name) name##_avx2
#define ROWS 6
#define ABREAST 2
#define AHEAD 32
#include "avx2.h"
#define PANEL (2 * LANES)

#include "activations.template.h"
#include "dense.template.h"

#pragma clang attribute pop

const dense_table dense_avx2 = DENSE_TABLE("avx2", 2 * LANES);

#endif
