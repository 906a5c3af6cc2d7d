#include "gemm_kernels.h"

#define CK_USE(level)                                                                                                  \
    *table = (ck_gemm_table) {                                                                                         \
        .product = ck_gemm_f32_##level, .product_bf16 = ck_gemm_bf16_##level, .to_bf16 = ck_to_bf16_##level,           \
    }

void ck_fill_gemm(ck_level level, ck_gemm_table *table) {
    CK_USE(scalar);
#if defined(__x86_64__)
    if (level >= CK_LEVEL_AVX2 && level <= CK_LEVEL_AVX512_VNNI) CK_USE(avx2);
    if (level >= CK_LEVEL_AVX512 && level <= CK_LEVEL_AVX512_VNNI) CK_USE(avx512);
    if (level == CK_LEVEL_AVX512_VNNI) table->product_bf16 = ck_gemm_bf16_avx512bf16;
#elif defined(__aarch64__)
    if (level == CK_LEVEL_NEON) CK_USE(neon);
#endif
}
