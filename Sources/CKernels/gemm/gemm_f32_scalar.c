// The specification: sums in double precision, in the order of K.
#include "gemm_kernels.h"

#include <math.h>

static float gelu(double x) { return (float)(0.5 * x * (1 + erf(x * 0.70710678118654752))); }

void ck_gemm_f32_scalar(const ck_gemm *g) {
    for (size_t p = 0; p < g->panel_count; p++) {
        const float *panel = g->panels + p * CK_GEMM_PANEL * g->column_count;
        for (size_t m = 0; m < g->row_count; m++) {
            double sum[CK_GEMM_PANEL] = { 0 };
            for (size_t k = 0; k < g->column_count; k++) {
                double x = g->x[m * g->x_stride + k];
                for (size_t n = 0; n < CK_GEMM_PANEL; n++) sum[n] += x * panel[k * CK_GEMM_PANEL + n];
            }
            for (size_t n = 0; n < CK_GEMM_PANEL; n++) {
                size_t column = p * CK_GEMM_PANEL + n;
                double value = sum[n] + g->bias[column];
                if (g->epilogue == CK_EPILOGUE_BIAS_RESIDUAL) value += g->residual[m * g->residual_stride + column];
                g->out[m * g->out_stride + column] =
                    g->epilogue == CK_EPILOGUE_BIAS_GELU ? gelu(value) : (float)value;
            }
        }
    }
}
