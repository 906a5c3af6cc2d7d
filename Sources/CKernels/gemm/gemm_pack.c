#include "ck_gemm.h"

#include <string.h>

size_t ck_gemm_packed_count(size_t row_count, size_t column_count) {
    return (row_count + CK_GEMM_PANEL - 1) / CK_GEMM_PANEL * CK_GEMM_PANEL * column_count;
}

// Columns in blocks of 16, so that the lines read from 32 rows and the lines written both stay in L1.
static void pack_panel(const float *w, size_t rows, size_t columns, float *panel) {
    for (size_t k0 = 0; k0 < columns; k0 += 16) {
        size_t k1 = k0 + 16 < columns ? k0 + 16 : columns;
        for (size_t r = 0; r < rows; r++)
            for (size_t k = k0; k < k1; k++) panel[k * CK_GEMM_PANEL + r] = w[r * columns + k];
    }
}

void ck_gemm_pack(const float *w, size_t row_count, size_t column_count, float *panels) {
    for (size_t row = 0; row < row_count; row += CK_GEMM_PANEL) {
        size_t rows = row_count - row < CK_GEMM_PANEL ? row_count - row : CK_GEMM_PANEL;
        if (rows < CK_GEMM_PANEL) memset(panels, 0, CK_GEMM_PANEL * column_count * sizeof(float));
        pack_panel(w + row * column_count, rows, column_count, panels);
        panels += CK_GEMM_PANEL * column_count;
    }
}
