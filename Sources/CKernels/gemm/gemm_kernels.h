#pragma once

#include "ck_gemm.h"

#define CK_DECLARE_GEMM(level)                                                                                         \
    void ck_gemm_f32_##level(const ck_gemm *g);                                                                        \
    void ck_gemm_bf16_##level(const ck_gemm *g);                                                                       \
    void ck_gemm_int8_##level(const ck_gemm_integers *g);                                                              \
    void ck_gemm_int16_##level(const ck_gemm_integers *g);                                                             \
    void ck_quantize_int16_##level(const float *x, size_t n, int16_t *out, ck_integer_group *groups);                  \
    void ck_quantize_##level(const float *x, size_t n, uint8_t *out, ck_integer_group *groups);                        \
    void ck_quantize_bf16_##level(const uint16_t *x, size_t n, uint8_t *out, ck_integer_group *groups);                \
    void ck_to_bf16_##level(const float *x, size_t n, uint16_t *out);

CK_DECLARE_GEMM(scalar)
CK_DECLARE_GEMM(avx2)
CK_DECLARE_GEMM(avx512)
CK_DECLARE_GEMM(neon)
void ck_gemm_bf16_avx512bf16(const ck_gemm *g);
void ck_gemm_int8_avxvnni(const ck_gemm_integers *g);
void ck_gemm_int8_avx512vnni(const ck_gemm_integers *g);
void ck_gemm_int16_avx512vnni(const ck_gemm_integers *g);

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

// Columns of the group of `size` that begins at `first`.
static inline size_t ck_group_columns(size_t first, size_t columns, size_t size) {
    return columns - first < size ? columns - first : size;
}

// The group of values from `least` to `greatest` in 16 bits, and the factor of a value's distance from its middle.
static inline ck_integer_group ck_int16_group(float least, float greatest) {
    float half = 0.5f * greatest - 0.5f * least;
    return (ck_integer_group) { .scale = half / CK_GEMM_MOST_INT16, .offset = greatest - half };
}

static inline float ck_int16_factor(ck_integer_group group) { return group.scale > 0 ? 1 / group.scale : 0; }
