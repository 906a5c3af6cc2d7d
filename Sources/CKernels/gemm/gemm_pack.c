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

size_t ck_gemm_packed_count_int8(size_t row_count, size_t column_count) {
    size_t groups = (column_count + CK_GEMM_GROUP - 1) / CK_GEMM_GROUP;
    return ck_gemm_packed_count(row_count, (column_count + 3) / 4 + 2 * groups);
}

// One group of one row into lane 0 of its words; they, the scale and the sum lie CK_GEMM_PANEL words apart.
static void pack_group(const float *w, size_t columns, uint32_t *lane) {
    // Magnitudes are in the order of their bits, and a sum with 1.5 · 2^23 has the nearest whole number in its low ones:
    // both loops are integer arithmetic that compilers vectorise.
    uint32_t greatest_bits = 0;
    for (size_t k = 0; k < columns; k++) {
        uint32_t bits;
        memcpy(&bits, w + k, sizeof bits);
        bits &= 0x7fffffff;
        greatest_bits = bits > greatest_bits ? bits : greatest_bits;
    }
    float greatest;
    memcpy(&greatest, &greatest_bits, sizeof greatest);
    float scale = greatest / 127, factor = greatest > 0 ? 127 / greatest : 0;
    int8_t bytes[CK_GEMM_GROUP] = { 0 };
    int32_t total = 0;
    for (size_t k = 0; k < columns; k++) {
        float shifted = w[k] * factor + 12582912.0f;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        bytes[k] = (int8_t)(uint8_t)bits;
        total += bytes[k];
    }
    for (size_t k = 0; k < columns; k += 4) {
        memcpy(lane, bytes + k, sizeof *lane);
        lane += CK_GEMM_PANEL;
    }
    float sum = (float)total * scale;
    memcpy(lane, &scale, sizeof scale);
    memcpy(lane + CK_GEMM_PANEL, &sum, sizeof sum);
}

void ck_gemm_pack_int8(const float *w, size_t row_count, size_t column_count, uint32_t *panels) {
    memset(panels, 0, ck_gemm_packed_count_int8(row_count, column_count) * sizeof *panels);
    for (size_t row = 0; row < row_count; row += CK_GEMM_PANEL) {
        size_t rows = row_count - row < CK_GEMM_PANEL ? row_count - row : CK_GEMM_PANEL;
        for (size_t first = 0; first < column_count; first += CK_GEMM_GROUP) {
            size_t columns = ck_group_columns(first, column_count);
            for (size_t r = 0; r < rows; r++) pack_group(w + (row + r) * column_count + first, columns, panels + r);
            panels += CK_GEMM_PANEL * ((columns + 3) / 4 + 2);
        }
    }
}
