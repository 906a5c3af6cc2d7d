// Causal attention of one key-value head over a cache, put together from the products and the softmax kernels.
//
// The cache lies in the layout of packed f16 weights: keys as the rows of scores = q · Kᵀ, values as the columns of
// out = p · V. All query rows of a task go through the cache together, so each key and value is converted once per tile
// of rows. The scores of a task (24 rows of a few thousand positions) stay in the second-level cache, so the softmax is
// a plain one over whole rows and no partial sums are rescaled. Positions that a row doesn't see add exact zeros: a
// token's result doesn't depend on how many tokens came with it.
//
// A window skips what none of the task's rows sees, in whole panels of 16 positions. With bytes the products are the
// same with other elements; a position's scales multiply its scores, and its probabilities before they meet the values.
#include <math.h>

#include "quant_kernels.h"

static size_t padded(size_t n) { return (n + 15) / 16 * 16; }

size_t ck_attention_scratch(size_t rows, size_t head_size, size_t positions) {
    return rows * (head_size + padded(positions) + 1);
}

static void product(const ck_quant_table *table, int is_bytes, const ck_product *p) {
    if (is_bytes) table->product_i8(p);
    else table->product[CK_WEIGHT_F16](p);
}

// The first position that the row at `position` sees.
static size_t first_visible(const ck_attention *a, size_t position) {
    return a->window == 0 || position < a->window ? 0 : position + 1 - a->window;
}

// Scores to weights: exponentials of what a row sees, zeros elsewhere, and their sums.
static void soften(const ck_quant_table *table, const ck_attention *a, size_t begin, size_t count, size_t stride,
                   float *scores, float *sums) {
    for (size_t r = 0; r < a->token_count * a->group; r++) {
        size_t position = a->first_position + r / a->group;
        size_t low = first_visible(a, position) - begin, high = position + 1 - begin;
        float *row = scores + r * stride;
        if (a->key_scales) table->mul(row + low, a->key_scales + begin + low, high - low);
        for (size_t i = 0; i < low; i++) row[i] = 0;
        sums[r] = table->exp_sum(row + low, high - low, table->max_f32(row + low, high - low));
        if (a->value_scales) table->mul(row + low, a->value_scales + begin + low, high - low);
        for (size_t i = high; i < count; i++) row[i] = 0;
    }
}

void ck_attend(const ck_quant_table *table, const ck_attention *a) {
    size_t rows = a->token_count * a->group, size = a->head_size, end = a->first_position + a->token_count;
    size_t begin = first_visible(a, a->first_position) / 16 * 16, count = end - begin, width = padded(count);
    size_t element = a->key_scales ? 1 : 2;
    float *q = a->scratch, *scores = q + rows * size, *sums = scores + rows * width;
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < size; i++)
            q[r * size + i] = a->q[r / a->group * a->q_stride + r % a->group * size + i] * a->scale;
    ck_product score = {
        .panels = (const uint8_t *)a->keys + begin * size * element, .panel_bytes = size * 16 * element,
        .row_count = count, .column_count = size, .x = q, .x_stride = size, .token_count = rows, .out = scores,
        .out_stride = width};
    product(table, element == 1, &score);
    soften(table, a, begin, count, width, scores, sums);
    for (size_t g = 0; g < a->group; g++) {
        ck_product mix = {
            .panels = (const uint8_t *)a->values + begin * 16 * element, .panel_bytes = a->capacity * 16 * element,
            .row_count = size, .column_count = count, .x = scores + g * width, .x_stride = a->group * width,
            .token_count = a->token_count, .out = a->out + g * size, .out_stride = a->out_stride};
        product(table, element == 1, &mix);
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

void ck_store_position_i8(
    const ck_quant_table *table, const float *key, const float *value, size_t head_size, size_t capacity,
    size_t position, int8_t *keys, int8_t *values, float *key_scales, float *value_scales) {
    int8_t bytes[CK_MAX_HEAD_SIZE];
    key_scales[position] = table->quantize_i8(key, head_size, bytes);
    int8_t *key_lane = keys + position / 16 * 16 * head_size + position % 16;
    for (size_t i = 0; i < head_size; i++) key_lane[i * 16] = bytes[i];
    value_scales[position] = table->quantize_i8(value, head_size, bytes);
    for (size_t i = 0; i < head_size; i += CK_PANEL_ROWS)
        memcpy(values + i * capacity + position * 16, bytes + i, ck_min_size(CK_PANEL_ROWS, head_size - i));
}
