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

static void pack_panel_bf16(const float *w, size_t rows, size_t columns, uint32_t *panel) {
    size_t words = (columns + 1) / 2;
    for (size_t k0 = 0; k0 < words; k0 += 16) {
        size_t k1 = k0 + 16 < words ? k0 + 16 : words;
        for (size_t r = 0; r < rows; r++) {
            const float *row = w + r * columns;
            for (size_t k = k0; k < k1; k++) {
                uint32_t second = 2 * k + 1 < columns ? ck_bf16_bits(row[2 * k + 1]) : 0;
                panel[k * CK_GEMM_PANEL + r] = second << 16 | ck_bf16_bits(row[2 * k]);
            }
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
