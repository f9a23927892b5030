// The kernels for 64-bit ARM: 4 lanes, 32 registers.

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "bf16.h"
#include "int8.h"
#include "table.h"
#include "vector.h"

#define ISA(name) name##_neon
#include "neon.h"

DEFINE_SIGMOID

#include "bags.template.h"
#include "rows.template.h"
#include "int8.template.h"
#include "scores.template.h"
#include "window.template.h"
#include "glove.template.h"

const kernel_table kernels_neon = TABLE("neon");

#endif
