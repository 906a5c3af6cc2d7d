#if defined(__x86_64__)
#include "../vector/vec_avx2.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#pragma clang attribute push(__attribute__((target(VF_TARGET ",avxvnni"))), apply_to = function)

typedef __m256i vi;
VF_INLINE vi vi_zero(void) { return _mm256_setzero_si256(); }
VF_INLINE vi vi_load(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
VF_INLINE vi vi_set1(uint32_t word) { return _mm256_set1_epi32((int32_t)word); }
VF_INLINE vf vi_floats(vi sum) { return _mm256_cvtepi32_ps(sum); }

#define WEIGHTS vi
#define INPUT vi
#define weights_of(word) (word)
#define input_of(word) (word)
#define dot(sum, input, weights) _mm256_dpbusd_avx_epi32(sum, input, weights)

#define TILE_ROWS 6
#define TILE_VECTORS 1
#define GROUP_WORDS (CK_GEMM_GROUP / 4)
#include "gemm_integers.h"

void ck_gemm_int8_avxvnni(const ck_gemm_integers *g) { product(g); }

#pragma clang attribute pop
#endif
