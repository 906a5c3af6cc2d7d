#if defined(__x86_64__)
#include "../vector/vec_avx2.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)

// Without byte instructions the even and the odd bytes become 16-bit numbers, whose pairs of products are added.
typedef struct {
    vi even, odd;
} byte_pairs;
#define WEIGHTS byte_pairs
#define INPUT byte_pairs
VF_INLINE byte_pairs weights_of(vi word) {
    return (byte_pairs) { _mm256_srai_epi16(_mm256_slli_epi16(word, 8), 8), _mm256_srai_epi16(word, 8) };
}
VF_INLINE byte_pairs input_of(vi word) {
    return (byte_pairs) { _mm256_and_si256(word, _mm256_set1_epi32(0x00ff00ff)), _mm256_srli_epi16(word, 8) };
}
VF_INLINE vi dot(vi sum, byte_pairs input, byte_pairs weights) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(input.even, weights.even));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(input.odd, weights.odd));
}

#define TILE_ROWS 4
#define TILE_VECTORS 2
#define GROUP_WORDS (CK_GEMM_GROUP / 4)
#include "gemm_integers.h"

void ck_gemm_int8_avx2(const ck_gemm_integers *g) { product(g); }

#include "quantize.h"

DEFINE_QUANTIZE(ck_quantize_avx2, float, vf_load, ck_quantize_scalar)
DEFINE_QUANTIZE(ck_quantize_bf16_avx2, uint16_t, vf_load_bf16, ck_quantize_bf16_scalar)

#pragma clang attribute pop
#endif
