// Causal attention of one key-value head over an f16 cache, put together from the products and the softmax kernels.
//
// The cache lies in the layout of packed f16 weights: keys as the rows of scores = q · Kᵀ, values as the columns of
// out = p · V. All query rows of a task go through one tile of positions together, so each tile is converted once per
// row tile. Tiles begin at fixed positions, and masked positions add exact zeros: a token's result doesn't depend on
// how many tokens came with it.
#include <math.h>

#include "quant_kernels.h"

#define TILE 256  // positions; scores of 24 query rows are then 24 KB

static size_t padded(size_t head_size) { return (head_size + 15) / 16 * 16; }

size_t ck_attention_scratch(size_t rows, size_t head_size) { return rows * (TILE + 2 * padded(head_size) + 2); }

static float softmax_row(
    const ck_quant_table *table, float *scores, size_t visible, size_t width, float *sum, float old_max, float *factor) {
    float tile_max = table->max_f32(scores, visible);
    float new_max = tile_max > old_max ? tile_max : old_max;
    *factor = old_max == -INFINITY ? 0 : expf(old_max - new_max);
    *sum = *sum * *factor + table->exp_sum(scores, visible, new_max);
    for (size_t i = visible; i < width; i++) scores[i] = 0;
    return new_max;
}

void ck_attend(const ck_quant_table *table, const ck_attention *a) {
    size_t rows = a->token_count * a->group, size = a->head_size, width = padded(size);
    float *q = a->scratch, *acc = q + rows * width, *scores = acc + rows * width;
    float *maxima = scores + rows * TILE, *sums = maxima + rows;
    for (size_t t = 0; t < a->token_count; t++)
        for (size_t i = 0; i < a->group * size; i++)
            q[(t * a->group + i / size) * width + i % size] = a->q[t * a->q_stride + i] * a->scale;
    memset(acc, 0, rows * width * sizeof(float));
    for (size_t r = 0; r < rows; r++) maxima[r] = -INFINITY, sums[r] = 0;

    size_t end = a->first_position + a->token_count;
    for (size_t start = 0; start < end; start += TILE) {
        size_t count = ck_min_size(TILE, end - start);
        // Rows are in the order of their tokens: the first ones may see nothing of this tile.
        size_t skip = start > a->first_position ? (start - a->first_position) * a->group : 0;
        ck_product score = {
            .panels = a->keys + start * size, .panel_bytes = size * 32, .row_count = count, .column_count = size,
            .x = q + skip * width, .x_stride = width, .token_count = rows - skip,
            .out = scores + skip * TILE, .out_stride = TILE};
        table->product[CK_WEIGHT_F16](&score);
        for (size_t r = skip; r < rows; r++) {
            size_t visible = ck_min_size(count, a->first_position + r / a->group + 1 - start);
            float factor;
            maxima[r] = softmax_row(table, scores + r * TILE, visible, count, &sums[r], maxima[r], &factor);
            if (factor != 1)
                for (size_t i = 0; i < width; i++) acc[r * width + i] *= factor;
        }
        ck_product mix = {
            .panels = a->values + start * 16, .panel_bytes = a->capacity * 32, .row_count = size,
            .column_count = count, .x = scores + skip * TILE, .x_stride = TILE, .token_count = rows - skip,
            .out = acc + skip * width, .out_stride = width, .accumulate = 1};
        table->product[CK_WEIGHT_F16](&mix);
    }
    for (size_t r = 0; r < rows; r++) {
        float factor = 1 / sums[r];
        float *out = a->out + r / a->group * a->out_stride + r % a->group * size;
        for (size_t i = 0; i < size; i++) out[i] = acc[r * width + i] * factor;
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
