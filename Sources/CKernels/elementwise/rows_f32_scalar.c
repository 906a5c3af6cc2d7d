// The specification: in double precision, in order.
#include "elementwise_kernels.h"

#include <math.h>

void ck_add_f32_scalar(const float *a, const float *b, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

void ck_layer_norm_f32_scalar(
    const float *x, size_t n, const float *weight, const float *bias, float epsilon, float *out) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    double factor = 1 / sqrt(squares / (double)n + epsilon);
    for (size_t i = 0; i < n; i++) out[i] = (float)((x[i] - mean) * factor * weight[i] + bias[i]);
}

void ck_mean_rows_f32_scalar(const float *x, size_t stride, size_t row_count, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t row = 0; row < row_count; row++) sum += x[row * stride + i];
        out[i] = (float)(sum / (double)row_count);
    }
}

void ck_normalize_f32_scalar(float *x, size_t n) {
    double squares = 0;
    for (size_t i = 0; i < n; i++) squares += (double)x[i] * x[i];
    if (squares == 0) return;
    double factor = 1 / sqrt(squares);
    for (size_t i = 0; i < n; i++) x[i] = (float)(x[i] * factor);
}
