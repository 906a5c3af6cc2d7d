#if defined(__aarch64__)
#include "../vector/vec_neon.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#define TILE_ROWS 6
#define TILE_VECTORS 4
#define DOT(x, w, sum) vf_fma(x, w, sum)
#define GELU(x) vf_gelu(x)
#include "gemm_words.h"

void ck_gemm_f32_neon(const ck_gemm *g) { product(g); }
#endif
