// The plan of a training: which windows follow one another, and the rows each is made of.

#ifndef SOUNDER_KERNELS_WORD_PLAN_H
#define SOUNDER_KERNELS_WORD_PLAN_H

#include "random.h"
#include "table.h"

// How a centre and its context become windows.
typedef enum word_form {
    FORM_PAIRS,         // the inputs are the rows of the context, the output is the centre
    FORM_CENTRE_BAG,    // the input is the mean of the centre's bag, the outputs are the context
    FORM_CONTEXT_MEAN,  // the input is the mean of the context's rows, the output is the centre
    FORM_CONTEXT_BAGS,  // the same, over the rows of all bags of the context
} word_form;

// One window and what it needs beside its rows.
typedef struct word_step {
    word_window window;
    int ends;                   // last step of its centre, which may have several
    int predictions;
    // FORM_CENTRE_BAG and FORM_CONTEXT_MEAN: the rows of the bag
    int begins;                 // first step of its centre: the bag is gathered
    const int32_t *rows;
    int row_count;
    // FORM_CONTEXT_MEAN: these rows; FORM_CONTEXT_BAGS: places of the words in the ring
    int32_t context[WORDS_MAX_INPUTS];
    float shares[WORDS_MAX_INPUTS];
    // FORM_CONTEXT_BAGS: words that enter the ring, from this place on
    int fresh;                  // after the ring has been emptied
    int enter_place;
    int enter_count;
    int32_t enter[WORDS_MAX_RADIUS + 1];
} word_step;

// The stream, the sentence being trained on, and the centre that comes next.
typedef struct word_plan {
    const word_model *model;
    const word_task *task;
    word_form form;
    float *mean;                // where the mean of a bag is trained
    random_state random;
    size_t position;
    int64_t words;
    int broken;                 // a value in the stream was no word
    int length;
    int centre;
    int begin, end;             // context of the centre
    int context;                // the word of it that the next step begins with; -1 before all
    int32_t sentence[WORDS_MAX_SENTENCE];
} word_plan;

word_form word_form_of(const word_model *m);

// Words that a ring of bags holds: the context and its centre.
static inline int ring_length(const word_model *m) { return 2 * m->window + 1; }

// Plans the next step, reading on as needed. False at the end of the stretch.
int plan_next(word_plan *p, word_step *s);

#endif
