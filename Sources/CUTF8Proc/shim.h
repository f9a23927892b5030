// Unicode's categories, decompositions and compositions.
#ifndef SOUNDER_CUTF8PROC_H
#define SOUNDER_CUTF8PROC_H

#include <utf8proc.h>

/// The canonical combining class of a code point.
static inline unsigned utf8proc_combining_class(int32_t code) {
    return utf8proc_get_property(code)->combining_class;
}

/// Whether it decomposes: 0 not at all, 1 canonically, 2 only for compatibility.
static inline int utf8proc_decomposes(int32_t code) {
    const utf8proc_property_t *property = utf8proc_get_property(code);
    if (code >= 0xac00 && code <= 0xd7a3) return 1;
    if (property->decomp_seqindex == UINT16_MAX) return 0;
    return property->decomp_type == 0 ? 1 : 2;
}

#endif
