#if defined(__x86_64__)
#include "../vector/vec_avx512.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#pragma clang attribute push(__attribute__((target(VF_TARGET ",avx512bf16"))), apply_to = function)

#define TILE_ROWS 12
#define TILE_VECTORS 2
#define DOT(x, w, sum) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(w))
#define GELU(x) vf_gelu_fast(x)
#include "gemm_words.h"

void ck_gemm_bf16_avx512bf16(const ck_gemm *g) { product(g); }

#pragma clang attribute pop
#endif
