#pragma once

#include "ck_elementwise.h"

// Query rows whose scores are in scratch at once, and keys to a panel of packed keys.
#define CK_QUERY_ROWS 12
#define CK_KEY_PANEL 32

#define CK_DECLARE_ELEMENTWISE(level)                                                                                  \
    void ck_add_f32_##level(const float *a, const float *b, size_t n, float *out);                                     \
    void ck_layer_norm_f32_##level(                                                                                    \
        const float *x, size_t n, const float *weight, const float *bias, float epsilon, float *out);                  \
    void ck_self_attention_f32_##level(const ck_self_attention *a);                                                    \
    void ck_self_attention_bf16_##level(const ck_self_attention *a);                                                   \
    void ck_mean_rows_f32_##level(const float *x, size_t stride, size_t row_count, size_t n, float *out);              \
    void ck_normalize_f32_##level(float *x, size_t n);

CK_DECLARE_ELEMENTWISE(scalar)
CK_DECLARE_ELEMENTWISE(avx2)
CK_DECLARE_ELEMENTWISE(avx512)
CK_DECLARE_ELEMENTWISE(neon)
void ck_self_attention_bf16_avx512bf16(const ck_self_attention *a);
