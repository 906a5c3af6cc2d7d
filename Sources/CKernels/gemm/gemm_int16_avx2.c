#if defined(__x86_64__)
#include "../vector/vec_avx2.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#include <math.h>

#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)

VF_INLINE vi dot(vi sum, vi input, vi weights) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(input, weights));
}

#define TILE_ROWS 6
#define TILE_VECTORS 2
#define GROUP_WORDS (CK_GEMM_GROUP_INT16 / 2)
#include "gemm_integers.h"

void ck_gemm_int16_avx2(const ck_gemm_integers *g) { product(g); }

#include "quantize.h"

DEFINE_QUANTIZE_INT16(ck_quantize_int16_avx2)

#pragma clang attribute pop
#endif
