// Causal attention of one key-value head over an f16 cache, put together from the products and the softmax kernels.
//
// The cache lies in the layout of packed f16 weights: keys as the rows of scores = q · Kᵀ, values as the columns of
// out = p · V. All query rows of a task go through the cache together, so each key and value is converted once per tile
// of rows. The scores of a task (24 rows of a few thousand positions) stay in the second-level cache, so the softmax is
// a plain one over whole rows and no partial sums are rescaled. Positions that a row doesn't see add exact zeros: a
// token's result doesn't depend on how many tokens came with it.
#include <math.h>

#include "quant_kernels.h"

static size_t padded(size_t n) { return (n + 15) / 16 * 16; }

size_t ck_attention_scratch(size_t rows, size_t head_size, size_t positions) {
    return rows * (head_size + padded(positions) + 1);
}

void ck_attend(const ck_quant_table *table, const ck_attention *a) {
    size_t rows = a->token_count * a->group, size = a->head_size;
    size_t end = a->first_position + a->token_count, width = padded(end);
    float *q = a->scratch, *scores = q + rows * size, *sums = scores + rows * width;
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < size; i++)
            q[r * size + i] = a->q[r / a->group * a->q_stride + r % a->group * size + i] * a->scale;
    ck_product score = {
        .panels = a->keys, .panel_bytes = size * 32, .row_count = end, .column_count = size,
        .x = q, .x_stride = size, .token_count = rows, .out = scores, .out_stride = width};
    table->product[CK_WEIGHT_F16](&score);
    for (size_t r = 0; r < rows; r++) {
        size_t visible = a->first_position + r / a->group + 1;
        float *row = scores + r * width;
        sums[r] = table->exp_sum(row, visible, table->max_f32(row, visible));
        for (size_t i = visible; i < end; i++) row[i] = 0;
    }
    for (size_t g = 0; g < a->group; g++) {
        ck_product mix = {
            .panels = a->values, .panel_bytes = a->capacity * 32, .row_count = size, .column_count = end,
            .x = scores + g * width, .x_stride = a->group * width, .token_count = a->token_count,
            .out = a->out + g * size, .out_stride = a->out_stride};
        table->product[CK_WEIGHT_F16](&mix);
    }
    for (size_t r = 0; r < rows; r++) {
        float *out = a->out + r / a->group * a->out_stride + r % a->group * size;
        for (size_t i = 0; i < size; i++) out[i] /= sums[r];
    }
}

void ck_store_position(
    const ck_quant_table *table, const float *key, const float *value, size_t head_size, size_t capacity,
    size_t position, uint16_t *keys, uint16_t *values) {
    uint16_t half[CK_PANEL_ROWS];
    uint16_t *key_lane = keys + position / 16 * 16 * head_size + position % 16;
    for (size_t i = 0; i < head_size; i += CK_PANEL_ROWS) {
        size_t count = ck_min_size(CK_PANEL_ROWS, head_size - i);
        table->f32_to_f16(key + i, count, half);
        for (size_t j = 0; j < count; j++) key_lane[(i + j) * 16] = half[j];
        table->f32_to_f16(value + i, count, half);
        memcpy(values + i * capacity + position * 16, half, count * 2);
    }
}
