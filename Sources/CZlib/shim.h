// The part of zlib that Swift cannot import: its initialiser is a macro.
#ifndef SOUNDER_CZLIB_H
#define SOUNDER_CZLIB_H

#include <zlib.h>

/// Starts a decoder that accepts gzip members only (window bits 15, plus 16 for the gzip wrapper).
static inline int czlib_gunzip_init(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}

#endif
