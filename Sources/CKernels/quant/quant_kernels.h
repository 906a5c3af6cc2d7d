// What the files of this folder share: the layout of panels and the declarations of each level's kernels.
#pragma once

#include <string.h>

#include "ck_quant.h"

// Calls X(name, TYPE, argument) for every quantised type of panels.
#define CK_EACH_QUANT(X, argument)                                                                    \
    X(q8_0, Q8_0, argument)                                                                           \
    X(q4_0, Q4_0, argument)                                                                           \
    X(q4_1, Q4_1, argument)                                                                           \
    X(q5_0, Q5_0, argument)                                                                           \
    X(q5_1, Q5_1, argument)                                                                           \
    X(q4_k, Q4_K, argument)                                                                           \
    X(q5_k, Q5_K, argument)                                                                           \
    X(q6_k, Q6_K, argument)                                                                           \
    X(q2_k, Q2_K, argument)

#define CK_DECLARE_PRODUCT(type, TYPE, level) void ck_product_##type##_##level(const ck_product *p);

#define CK_DECLARE_QUANT(level)                                                                       \
    CK_EACH_QUANT(CK_DECLARE_PRODUCT, level)                                                          \
    void ck_product_f32_##level(const ck_product *p);                                                 \
    void ck_product_f16_##level(const ck_product *p);                                                 \
    void ck_product_bf16_##level(const ck_product *p);                                                \
    void ck_quantize_q8_##level(const float *x, size_t n, ck_q8_block *out);                          \
    void ck_f16_to_f32_##level(const uint16_t *x, size_t n, float *out);                              \
    void ck_f32_to_f16_##level(const float *x, size_t n, uint16_t *out);                              \
    void ck_rms_norm_##level(const float *x, const float *weight, size_t n, float epsilon, float *out); \
    void ck_silu_mul_##level(float *gate, const float *up, size_t n);                                 \
    void ck_rope_pairs_##level(float *x, const float *cosine, const float *sine, size_t n);           \
    float ck_max_f32_##level(const float *x, size_t n);                                               \
    float ck_exp_sum_##level(float *x, size_t n, float shift);                                        \
    void ck_gelu_mul_##level(float *gate, const float *up, size_t n);                                 \
    void ck_mul_##level(float *out, const float *x, size_t n);                                        \
    void ck_product_i8_##level(const ck_product *p);                                                  \
    float ck_quantize_i8_##level(const float *x, size_t n, int8_t *out);                              \
    void ck_add_##level(float *out, const float *x, size_t n);

CK_DECLARE_QUANT(scalar)
CK_DECLARE_QUANT(avx2)
CK_DECLARE_QUANT(avx512)
CK_EACH_QUANT(CK_DECLARE_PRODUCT, avx512vnni)

// Bytes of a packed block's values, and of the block; `head` stands in front of every 8 blocks of the _k types.
typedef struct {
    size_t values;
    size_t block;
    size_t head;
} ck_panel_layout;

static inline ck_panel_layout ck_layout(ck_weight_type type) {
    switch (type) {
    case CK_WEIGHT_Q8_0: return (ck_panel_layout){512, 544, 0};
    case CK_WEIGHT_Q4_0: return (ck_panel_layout){256, 288, 0};
    case CK_WEIGHT_Q4_1: return (ck_panel_layout){256, 320, 0};
    case CK_WEIGHT_Q5_0: return (ck_panel_layout){320, 352, 0};
    case CK_WEIGHT_Q5_1: return (ck_panel_layout){320, 384, 0};
    case CK_WEIGHT_Q4_K: return (ck_panel_layout){256, 288, 64};
    case CK_WEIGHT_Q5_K: return (ck_panel_layout){320, 352, 64};
    case CK_WEIGHT_Q6_K: return (ck_panel_layout){512, 544, 32};
    case CK_WEIGHT_Q2_K: return (ck_panel_layout){256, 320, 64};
    default: return (ck_panel_layout){0, 0, 0};
    }
}

// Where block b's head and the block itself begin.
static inline size_t ck_head_offset(ck_weight_type type, size_t b) {
    ck_panel_layout layout = ck_layout(type);
    return b / 8 * (layout.head + 8 * layout.block);
}

static inline size_t ck_block_offset(ck_weight_type type, size_t b) {
    ck_panel_layout layout = ck_layout(type);
    if (layout.head == 0) return b * layout.block;
    return ck_head_offset(type, b) + layout.head + b % 8 * layout.block;
}

// One block of one row, taken out of a file's layout: 32 codes and what their scale and minimum are made of.
typedef struct {
    uint8_t codes[CK_QUANT_BLOCK];  // q8_0 and iq4_nl: signed
    uint16_t d, dmin;               // f16; q4_1's and q5_1's minimum is dmin
    int8_t scale[2];                // of each 16 columns; 1 where the type has none
    uint8_t minimum[2];
} ck_file_block;

void ck_read_block(ck_weight_type type, const uint8_t *row, size_t b, ck_file_block *out);

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
