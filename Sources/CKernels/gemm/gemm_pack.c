#include "gemm_kernels.h"

#include <string.h>

size_t ck_gemm_packed_count(size_t row_count, size_t word_count) {
    return (row_count + CK_GEMM_PANEL - 1) / CK_GEMM_PANEL * CK_GEMM_PANEL * word_count;
}

// Columns in blocks of 16, so that the lines read from 32 rows and the lines written both stay in L1.
static void pack_panel(const float *w, size_t rows, size_t columns, float *panel) {
    for (size_t k0 = 0; k0 < columns; k0 += 16) {
        size_t k1 = k0 + 16 < columns ? k0 + 16 : columns;
        for (size_t r = 0; r < rows; r++)
            for (size_t k = k0; k < k1; k++) panel[k * CK_GEMM_PANEL + r] = w[r * columns + k];
    }
}

// Columns in blocks of 32, converted in a loop of their own that compilers vectorise.
static void pack_panel_bf16(const float *w, size_t rows, size_t columns, uint32_t *panel) {
    for (size_t k0 = 0; k0 < columns; k0 += 32) {
        size_t count = k0 + 32 < columns ? 32 : columns - k0;
        for (size_t r = 0; r < rows; r++) {
            const float *row = w + r * columns + k0;
            uint16_t halves[32] = { 0 };
            uint32_t words[16];
            for (size_t k = 0; k < count; k++) halves[k] = ck_bf16_bits(row[k]);
            memcpy(words, halves, sizeof words);
            for (size_t k = 0; k < (count + 1) / 2; k++) panel[(k0 / 2 + k) * CK_GEMM_PANEL + r] = words[k];
        }
    }
}

#define CK_PACK(type, pack_one, words)                                                                                 \
    for (size_t row = 0; row < row_count; row += CK_GEMM_PANEL) {                                                      \
        size_t rows = row_count - row < CK_GEMM_PANEL ? row_count - row : CK_GEMM_PANEL;                               \
        if (rows < CK_GEMM_PANEL) memset(panels, 0, CK_GEMM_PANEL * (words) * sizeof(type));                           \
        pack_one(w + row * column_count, rows, column_count, panels);                                                  \
        panels += CK_GEMM_PANEL * (words);                                                                             \
    }

void ck_gemm_pack(const float *w, size_t row_count, size_t column_count, float *panels) {
    CK_PACK(float, pack_panel, column_count)
}

void ck_gemm_pack_bf16(const float *w, size_t row_count, size_t column_count, uint32_t *panels) {
    CK_PACK(uint32_t, pack_panel_bf16, (column_count + 1) / 2)
}

static size_t groups_words(size_t column_count, size_t group, size_t per_word) {
    return (column_count + per_word - 1) / per_word + 2 * ((column_count + group - 1) / group);
}

// Panels of groups: `pack_one` writes one group of one row into its lane.
static void pack_groups(
    const float *w, size_t row_count, size_t column_count, uint32_t *panels, size_t group, size_t per_word,
    void (*pack_one)(const float *w, size_t columns, uint32_t *lane)) {
    size_t words = ck_gemm_packed_count(row_count, groups_words(column_count, group, per_word));
    memset(panels, 0, words * sizeof *panels);
    for (size_t row = 0; row < row_count; row += CK_GEMM_PANEL) {
        size_t rows = row_count - row < CK_GEMM_PANEL ? row_count - row : CK_GEMM_PANEL;
        for (size_t first = 0; first < column_count; first += group) {
            size_t columns = ck_group_columns(first, column_count, group);
            for (size_t r = 0; r < rows; r++) pack_one(w + (row + r) * column_count + first, columns, panels + r);
            panels += CK_GEMM_PANEL * ((columns + per_word - 1) / per_word + 2);
        }
    }
}

// 1.5 · 2^23 plus a small number has the nearest whole number in its low bits: compilers vectorise that.
static const float whole_number_shift = 12582912.0f;

// The greatest |w|; magnitudes are in the order of their bits.
static float greatest_magnitude(const float *w, size_t columns) {
    uint32_t greatest_bits = 0;
    for (size_t k = 0; k < columns; k++) {
        uint32_t bits;
        memcpy(&bits, w + k, sizeof bits);
        bits &= 0x7fffffff;
        greatest_bits = bits > greatest_bits ? bits : greatest_bits;
    }
    float greatest;
    memcpy(&greatest, &greatest_bits, sizeof greatest);
    return greatest;
}

// One group's words into lane 0 of its lines, which lie CK_GEMM_PANEL words apart, its scale and its sum into the two
// lines behind them.
static void store_group(const uint32_t *words, size_t count, float scale, int32_t total, uint32_t *lane) {
    for (size_t k = 0; k < count; k++) lane[k * CK_GEMM_PANEL] = words[k];
    float sum = (float)total * scale;
    memcpy(lane + count * CK_GEMM_PANEL, &scale, sizeof scale);
    memcpy(lane + (count + 1) * CK_GEMM_PANEL, &sum, sizeof sum);
}

static void pack_group(const float *w, size_t columns, uint32_t *lane) {
    float greatest = greatest_magnitude(w, columns), factor = greatest > 0 ? 127 / greatest : 0;
    int8_t bytes[CK_GEMM_GROUP] = { 0 };
    int32_t total = 0;
    for (size_t k = 0; k < columns; k++) {
        float shifted = w[k] * factor + whole_number_shift;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        bytes[k] = (int8_t)(uint8_t)bits;
        total += bytes[k];
    }
    uint32_t words[CK_GEMM_GROUP / 4];
    memcpy(words, bytes, sizeof words);
    store_group(words, (columns + 3) / 4, greatest / 127, total, lane);
}

static void pack_group_int16(const float *w, size_t columns, uint32_t *lane) {
    float sums[16] = { 0 }, sum = 0;
    for (size_t k = 0; k < columns; k += 16) {
        size_t count = columns - k < 16 ? columns - k : 16;
        for (size_t j = 0; j < count; j++) sums[j] += w[k + j] < 0 ? -w[k + j] : w[k + j];
    }
    for (size_t j = 0; j < 16; j++) sum += sums[j];
    // Rounding adds up to half a step for each column, and a thousandth is left for that of these sums.
    float most_sum = 0.999f * (2147483647.0f / CK_GEMM_MOST_INT16 - 0.5f * (float)columns);
    float scale = sum / most_sum, least_scale = greatest_magnitude(w, columns) / 32767;
    scale = scale > least_scale ? scale : least_scale;
    float factor = scale > 0 ? 1 / scale : 0;
    int16_t integers[CK_GEMM_GROUP_INT16] = { 0 };
    int32_t total = 0;
    for (size_t k = 0; k < columns; k++) {
        float shifted = w[k] * factor + whole_number_shift;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        integers[k] = (int16_t)(uint16_t)bits;
        total += integers[k];
    }
    uint32_t words[CK_GEMM_GROUP_INT16 / 2];
    memcpy(words, integers, sizeof words);
    store_group(words, (columns + 1) / 2, scale, total, lane);
}

size_t ck_gemm_packed_count_int8(size_t row_count, size_t column_count) {
    return ck_gemm_packed_count(row_count, groups_words(column_count, CK_GEMM_GROUP, 4));
}

void ck_gemm_pack_int8(const float *w, size_t row_count, size_t column_count, uint32_t *panels) {
    pack_groups(w, row_count, column_count, panels, CK_GEMM_GROUP, 4, pack_group);
}

size_t ck_gemm_packed_count_int16(size_t row_count, size_t column_count) {
    return ck_gemm_packed_count(row_count, groups_words(column_count, CK_GEMM_GROUP_INT16, 2));
}

void ck_gemm_pack_int16(const float *w, size_t row_count, size_t column_count, uint32_t *panels) {
    pack_groups(w, row_count, column_count, panels, CK_GEMM_GROUP_INT16, 2, pack_group_int16);
}
