// What follows on a product, of a tile at a time.

// Activation, then residual, of a tile that has just been stored and is still in the cache.
static void ISA(finish)(
    const dense_product *p, size_t row, size_t rows, size_t column, size_t columns
) {
    columns = dense_smaller(columns, p->columns - column);
    float *first = p->results + row * p->result_stride + column;
    ISA(activate_rows)(p->activation, first, rows, columns, p->result_stride);
    if (p->residual == NULL) return;
    for (size_t i = row; i < row + rows; i++) {
        const size_t place = i * p->result_stride + column;
        for (size_t c = 0; c < columns; c++) p->results[place + c] += p->residual[place + c];
    }
}
