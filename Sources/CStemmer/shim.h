// Snowball's stemmers.
#ifndef SOUNDER_CSTEMMER_H
#define SOUNDER_CSTEMMER_H

#include <libstemmer.h>

#endif
