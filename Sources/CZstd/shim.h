// Streaming decompression of zstd, as the stable part of its API has it.
#ifndef SOUNDER_CZSTD_H
#define SOUNDER_CZSTD_H

#include <zstd.h>
#include <zstd_errors.h>

#endif
