#if defined(__x86_64__)
#include "../vector/vec_avx512.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)

#define TILE_ROWS 12
#define TILE_VECTORS 2
#define DOT(x, w, sum) vf_fma(x, w, sum)
#define GELU(x) vf_gelu(x)
#include "gemm_words.h"

void ck_gemm_f32_avx512(const ck_gemm *g) { product(g); }

#pragma clang attribute pop
#endif
