// Operations on single rows in plain C: what every other level must agree with.
#include <math.h>

#include "quant_kernels.h"

void ck_quantize_q8_scalar(const float *x, size_t n, ck_q8_block *out) {
    for (size_t b = 0; b < n / CK_QUANT_BLOCK; b++, x += CK_QUANT_BLOCK) {
        float greatest = 0;
        for (size_t i = 0; i < CK_QUANT_BLOCK; i++) greatest = fmaxf(greatest, fabsf(x[i]));
        float scale = greatest / 127, inverse = greatest > 0 ? 127 / greatest : 0;
        int32_t sum = 0, low = 0;
        for (size_t i = 0; i < CK_QUANT_BLOCK; i++) {
            // Overflow of a tiny block's inverse, and numbers that aren't finite, end at the bounds.
            float scaled = fminf(fmaxf(rintf(x[i] * inverse), -127), 127);
            sum += out[b].values[i] = (int8_t)scaled;
            if (i < CK_QUANT_BLOCK / 2) low = sum;
        }
        out[b].scale = scale;
        out[b].scaled_sum = scale * (float)sum;
        out[b].minus_8_sum = -8 * sum;
        out[b].minus_128_sum = -128 * sum;
        out[b].minus_32_low = -32 * low;
        out[b].minus_32_high = -32 * (sum - low);
    }
}

void ck_rms_norm_scalar(const float *x, const float *weight, size_t n, float epsilon, float *out) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
    float factor = 1 / sqrtf(sum / (float)n + epsilon);
    for (size_t i = 0; i < n; i++) out[i] = x[i] * factor * weight[i];
}

void ck_silu_mul_scalar(float *gate, const float *up, size_t n) {
    for (size_t i = 0; i < n; i++) gate[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

// By way of the identity (1 + tanh(u)) / 2 = 1 / (1 + exp(−2u)).
void ck_gelu_mul_scalar(float *gate, const float *up, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float g = gate[i], u = 0.7978845608f * (g + 0.044715f * g * g * g);
        gate[i] = g / (1 + expf(-2 * u)) * up[i];
    }
}

void ck_rope_pairs_scalar(float *x, const float *cosine, const float *sine, size_t n) {
    for (size_t i = 0; i < n / 2; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        x[2 * i] = a * cosine[i] - b * sine[i];
        x[2 * i + 1] = a * sine[i] + b * cosine[i];
    }
}

float ck_max_f32_scalar(const float *x, size_t n) {
    float greatest = -INFINITY;
    for (size_t i = 0; i < n; i++) greatest = x[i] > greatest ? x[i] : greatest;
    return greatest;
}

float ck_exp_sum_scalar(float *x, size_t n, float shift) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] = expf(x[i] - shift);
    return sum;
}

float ck_quantize_i8_scalar(const float *x, size_t n, int8_t *out) {
    float greatest = 0;
    for (size_t i = 0; i < n; i++) greatest = fmaxf(greatest, fabsf(x[i]));
    float scale = greatest / 127, inverse = scale > 0 ? 127 / greatest : 0;
    // Overflow of a tiny row's inverse, and numbers that aren't finite, end at the bounds.
    for (size_t i = 0; i < n; i++) out[i] = (int8_t)fminf(fmaxf(rintf(x[i] * inverse), -127), 127);
    return scale;
}

void ck_mul_scalar(float *out, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] *= x[i];
}

void ck_add_scalar(float *out, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] += x[i];
}
