// The specification: sums in double precision, in the order of K.
#include "gemm_kernels.h"

#include <math.h>

static double gelu(double x) { return 0.5 * x * (1 + erf(x * 0.70710678118654752)); }

static void store(const ck_gemm *g, size_t row, size_t column, double value) {
    value += g->bias[column];
    if (g->epilogue == CK_EPILOGUE_BIAS_RESIDUAL) value += g->residual[row * g->residual_stride + column];
    if (g->epilogue == CK_EPILOGUE_BIAS_GELU) value = gelu(value);
    size_t at = row * g->out_stride + column;
    if (g->output == CK_OUTPUT_BF16) {
        ((uint16_t *)g->out)[at] = ck_bf16_bits((float)value);
    } else {
        ((float *)g->out)[at] = (float)value;
    }
}

void ck_gemm_f32_scalar(const ck_gemm *g) {
    const float *panel = g->panels;
    for (size_t p = 0; p < g->panel_count; p++) {
        for (size_t m = 0; m < g->row_count; m++) {
            const float *x = (const float *)g->x + m * g->x_stride;
            double sum[CK_GEMM_PANEL] = { 0 };
            for (size_t k = 0; k < g->word_count; k++)
                for (size_t n = 0; n < CK_GEMM_PANEL; n++) sum[n] += (double)x[k] * panel[k * CK_GEMM_PANEL + n];
            for (size_t n = 0; n < CK_GEMM_PANEL; n++) store(g, m, p * CK_GEMM_PANEL + n, sum[n]);
        }
        panel += CK_GEMM_PANEL * g->word_count;
    }
}

void ck_gemm_bf16_scalar(const ck_gemm *g) {
    const uint16_t *panel = g->panels;
    for (size_t p = 0; p < g->panel_count; p++) {
        for (size_t m = 0; m < g->row_count; m++) {
            const uint16_t *x = (const uint16_t *)g->x + 2 * m * g->x_stride;
            double sum[CK_GEMM_PANEL] = { 0 };
            for (size_t k = 0; k < 2 * g->word_count; k++) {
                double value = ck_bf16_value(x[k]);
                const uint16_t *w = panel + k / 2 * 2 * CK_GEMM_PANEL + k % 2;
                for (size_t n = 0; n < CK_GEMM_PANEL; n++) sum[n] += value * ck_bf16_value(w[2 * n]);
            }
            for (size_t n = 0; n < CK_GEMM_PANEL; n++) store(g, m, p * CK_GEMM_PANEL + n, sum[n]);
        }
        panel += 2 * CK_GEMM_PANEL * g->word_count;
    }
}

void ck_to_bf16_scalar(const float *x, size_t n, uint16_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = ck_bf16_bits(x[i]);
}
