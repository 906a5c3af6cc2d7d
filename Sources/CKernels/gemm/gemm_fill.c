#include "gemm_kernels.h"

#define CK_USE(level)                                                                                                  \
    *table = (ck_gemm_table) {                                                                                         \
        .product = ck_gemm_f32_##level, .product_bf16 = ck_gemm_bf16_##level, .product_int8 = ck_gemm_int8_##level,    \
        .product_int16 = ck_gemm_int16_##level, .quantize_int16 = ck_quantize_int16_##level,                           \
        .quantize = ck_quantize_##level, .quantize_bf16 = ck_quantize_bf16_##level, .to_bf16 = ck_to_bf16_##level,     \
    }

#if defined(__x86_64__)
// What a level multiplies with instructions of its own. AVX2 has the byte products where AVX-VNNI is.
static void use_extensions(ck_level level, ck_gemm_table *table) {
    __builtin_cpu_init();
    int has_avx512 = __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    if (level == CK_LEVEL_AVX2 && !has_avx512 && __builtin_cpu_supports("avxvnni"))
        table->product_int8 = ck_gemm_int8_avxvnni;
    if (level >= CK_LEVEL_AVX512_VNNI) {
        table->product_int8 = ck_gemm_int8_avx512vnni;
        table->product_int16 = ck_gemm_int16_avx512vnni;
    }
    if (level == CK_LEVEL_AVX512_BF16) table->product_bf16 = ck_gemm_bf16_avx512bf16;
}
#endif

void ck_fill_gemm(ck_level level, ck_gemm_table *table) {
    CK_USE(scalar);
#if defined(__x86_64__)
    if (level >= CK_LEVEL_AVX2 && level <= CK_LEVEL_AVX512_BF16) CK_USE(avx2);
    if (level >= CK_LEVEL_AVX512 && level <= CK_LEVEL_AVX512_BF16) CK_USE(avx512);
    if (level <= CK_LEVEL_AVX512_BF16) use_extensions(level, table);
#elif defined(__aarch64__)
    if (level == CK_LEVEL_NEON) CK_USE(neon);
#endif
}
