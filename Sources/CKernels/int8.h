// The scale of a row that becomes int8: the same for every instruction set.

#ifndef SOUNDER_KERNELS_INT8_H
#define SOUNDER_KERNELS_INT8_H

#include "bf16.h"
#include "kernels.h"

// 2^-100: below it the inverse of a scale might be infinite, and nothing is worth sending.
#define INT8_ROUNDS_TO_ZERO 0x0D800000u

// What a value is multiplied with to become -127...127, and what brings it back; both 0 for a row
// that becomes zero, or that is not finite.
typedef struct int8_scale {
    float inverse;
    float scale;
} int8_scale;

static inline int8_scale int8_scale_of(uint32_t greatest) {
    if (greatest < INT8_ROUNDS_TO_ZERO || greatest >= KERNELS_NOT_FINITE) {
        return (int8_scale){0, 0};
    }
    const float most = bits_float(greatest);
    return (int8_scale){127 / most, most / 127};
}

#endif
