#include "gemm_kernels.h"

void ck_fill_gemm(ck_level level, ck_gemm_table *table) {
    table->product = ck_gemm_f32_scalar;
#if defined(__x86_64__)
    if (level >= CK_LEVEL_AVX2 && level <= CK_LEVEL_AVX512_VNNI) table->product = ck_gemm_f32_avx2;
    if (level >= CK_LEVEL_AVX512 && level <= CK_LEVEL_AVX512_VNNI) table->product = ck_gemm_f32_avx512;
#elif defined(__aarch64__)
    if (level == CK_LEVEL_NEON) table->product = ck_gemm_f32_neon;
#endif
}
