#include "gemm_kernels.h"

#define CK_USE(level)                                                                                                  \
    *table = (ck_gemm_table) {                                                                                         \
        .product = ck_gemm_f32_##level, .product_bf16 = ck_gemm_bf16_##level, .product_int8 = ck_gemm_int8_##level,    \
        .quantize = ck_quantize_##level, .quantize_bf16 = ck_quantize_bf16_##level, .to_bf16 = ck_to_bf16_##level,     \
    }

#if defined(__x86_64__)
// Processors that have the byte instructions without being of a higher level.
static void use_extensions(ck_level level, ck_gemm_table *table) {
    __builtin_cpu_init();
    int has_avx512 = __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    int has_bf16 = __builtin_cpu_supports("avx512bf16"), has_vnni = __builtin_cpu_supports("avx512vnni");
    if (level == CK_LEVEL_AVX2 && !has_avx512 && __builtin_cpu_supports("avxvnni"))
        table->product_int8 = ck_gemm_int8_avxvnni;
    if (level == CK_LEVEL_AVX512_VNNI || (level == CK_LEVEL_AVX512 && has_vnni && !has_bf16))
        table->product_int8 = ck_gemm_int8_avx512vnni;
    if (level == CK_LEVEL_AVX512_VNNI) table->product_bf16 = ck_gemm_bf16_avx512bf16;
}
#endif

void ck_fill_gemm(ck_level level, ck_gemm_table *table) {
    CK_USE(scalar);
#if defined(__x86_64__)
    if (level >= CK_LEVEL_AVX2 && level <= CK_LEVEL_AVX512_VNNI) CK_USE(avx2);
    if (level >= CK_LEVEL_AVX512 && level <= CK_LEVEL_AVX512_VNNI) CK_USE(avx512);
    if (level <= CK_LEVEL_AVX512_VNNI) use_extensions(level, table);
#elif defined(__aarch64__)
    if (level == CK_LEVEL_NEON) CK_USE(neon);
#endif
}
