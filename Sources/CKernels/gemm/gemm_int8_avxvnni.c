#if defined(__x86_64__)
#include "../vector/vec_avx2.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#pragma clang attribute push(__attribute__((target(VF_TARGET ",avxvnni"))), apply_to = function)

#define dot(sum, input, weights) _mm256_dpbusd_avx_epi32(sum, input, weights)

#define TILE_ROWS 6
#define TILE_VECTORS 2
#define GROUP_WORDS (CK_GEMM_GROUP / 4)
#include "gemm_integers.h"

void ck_gemm_int8_avxvnni(const ck_gemm_integers *g) { product(g); }

#pragma clang attribute pop
#endif
