#pragma once

#include "ck_gemm.h"

#define CK_DECLARE_GEMM(level)                                                                                         \
    void ck_gemm_f32_##level(const ck_gemm *g);                                                                        \
    void ck_gemm_bf16_##level(const ck_gemm *g);                                                                       \
    void ck_gemm_int8_##level(const ck_gemm_int8 *g);                                                                  \
    void ck_quantize_##level(const float *x, size_t n, uint8_t *out, ck_byte_group *groups);                           \
    void ck_quantize_bf16_##level(const uint16_t *x, size_t n, uint8_t *out, ck_byte_group *groups);                   \
    void ck_to_bf16_##level(const float *x, size_t n, uint16_t *out);

CK_DECLARE_GEMM(scalar)
CK_DECLARE_GEMM(avx2)
CK_DECLARE_GEMM(avx512)
CK_DECLARE_GEMM(neon)
void ck_gemm_bf16_avx512bf16(const ck_gemm *g);
void ck_gemm_int8_avxvnni(const ck_gemm_int8 *g);
void ck_gemm_int8_avx512vnni(const ck_gemm_int8 *g);

// The float nearest to x among bf16's, as its upper half; ties go to the even one.
static inline uint16_t ck_bf16_bits(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float ck_bf16_value(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

// Columns of group `first`…, and the words they take.
static inline size_t ck_group_columns(size_t first, size_t columns) {
    return columns - first < CK_GEMM_GROUP ? columns - first : CK_GEMM_GROUP;
}
