// Without bf16 instructions a pair is two floats' upper halves: half the speed of f32 arithmetic at half its memory.
#if defined(__x86_64__)
#include "../vector/vec_avx2.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)

#define TILE_ROWS 4
#define TILE_VECTORS 2
#define DOT(x, w, sum) vf_fma(vf_odd_bf16(x), vf_odd_bf16(w), vf_fma(vf_even_bf16(x), vf_even_bf16(w), sum))
#define GELU(x) vf_gelu_fast(x)
#include "gemm_words.h"

void ck_gemm_bf16_avx2(const ck_gemm *g) { product(g); }

void ck_to_bf16_avx2(const float *x, size_t n, uint16_t *out) {
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) vf_store_bf16(out + i, vf_load(x + i));
    for (; i < n; i++) out[i] = ck_bf16_bits(x[i]);
}

#pragma clang attribute pop
#endif
