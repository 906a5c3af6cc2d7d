// What the files of this folder share: the layout of panels and the declarations of each level's kernels.
#pragma once

#include <string.h>

#include "ck_quant.h"

#define CK_DECLARE_QUANT(level)                                                                       \
    void ck_product_f32_##level(const ck_product *p);                                                 \
    void ck_product_f16_##level(const ck_product *p);                                                 \
    void ck_product_bf16_##level(const ck_product *p);                                                \
    void ck_product_q8_0_##level(const ck_product *p);                                                \
    void ck_product_q4_0_##level(const ck_product *p);                                                \
    void ck_product_q4_1_##level(const ck_product *p);                                                \
    void ck_quantize_q8_##level(const float *x, size_t n, ck_q8_block *out);                          \
    void ck_f16_to_f32_##level(const uint16_t *x, size_t n, float *out);                              \
    void ck_f32_to_f16_##level(const float *x, size_t n, uint16_t *out);                              \
    void ck_rms_norm_##level(const float *x, const float *weight, size_t n, float epsilon, float *out); \
    void ck_silu_mul_##level(float *gate, const float *up, size_t n);                                 \
    void ck_rope_pairs_##level(float *x, const float *cosine, const float *sine, size_t n);           \
    float ck_max_f32_##level(const float *x, size_t n);                                               \
    float ck_exp_sum_##level(float *x, size_t n, float shift);                                        \
    void ck_add_##level(float *out, const float *x, size_t n);

CK_DECLARE_QUANT(scalar)
CK_DECLARE_QUANT(avx2)
CK_DECLARE_QUANT(avx512)
void ck_product_q8_0_avx512vnni(const ck_product *p);
void ck_product_q4_0_avx512vnni(const ck_product *p);
void ck_product_q4_1_avx512vnni(const ck_product *p);

// Where a quantised panel's parts begin.
static inline const uint8_t *ck_panel_scales(const uint8_t *panel, size_t blocks, size_t bytes_per_block) {
    return panel + blocks * bytes_per_block;
}

static inline const uint8_t *ck_panel_minima(const uint8_t *panel, size_t blocks, size_t bytes_per_block) {
    return panel + blocks * (bytes_per_block + 2 * CK_PANEL_ROWS);
}

static inline float ck_bits_to_float(uint32_t bits) {
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

static inline int32_t ck_load_i32(const int8_t *p) {
    int32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline size_t ck_min_size(size_t a, size_t b) { return a < b ? a : b; }
