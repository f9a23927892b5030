// Inputs that are the mean of several rows: gathered before a window, their change spread after it.

#ifndef SOUNDER_KERNELS_WORD_BAGS_H
#define SOUNDER_KERNELS_WORD_BAGS_H

#include "word_plan.h"

// The means of bags in work. With FORM_CONTEXT_BAGS also a ring: the mean of each word in reach is
// gathered when it comes near, moves with each window it takes part in, and is spread over its bag
// when it is left behind, so that every bag is read and written once instead of once a window. In
// between, words that share a row do not see each other's changes of it.
typedef struct word_bags {
    const kernel_table *kernels;
    const word_model *model;
    word_form form;
    float *before;              // the mean of the centre's input, [stride]
    float *moved;               // and as its windows moved it, [stride]
    float *ring_before;         // [places, stride]
    float *ring;                // [places, stride]
    int32_t *words;             // [places]: the word at a place of the ring, -1 for none
} word_bags;

// Returns 0, or -1 when memory is short. A form without bags needs none.
int bags_open(word_bags *b, const word_model *m, const kernel_table *kernels);
void bags_close(word_bags *b);

// Before the window of a step, and after it.
void bags_gather(word_bags *b, const word_step *s);
void bags_spread(word_bags *b, const word_step *s);

// Spreads what the ring still holds.
void bags_finish(word_bags *b);

#endif
