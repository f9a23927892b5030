// Dense kernels for 64-bit ARM.

#if defined(__aarch64__)

#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "bf16.h"
#include "dense_table.h"
#include "vector.h"

#define ISA(name) name##_neon
#define ROWS 12
#include "neon.h"
#define PANEL (2 * LANES)

#include "activations.template.h"
#include "dense.template.h"

const dense_table dense_neon = DENSE_TABLE("neon", 2 * LANES);

#endif
