#if defined(__x86_64__)
#include "../vector/vec_avx512.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#pragma clang attribute push(__attribute__((target(VF_TARGET ",avx512vnni"))), apply_to = function)

// In assembly, for compilers make two instructions of the intrinsic where they think of a shorter chain of sums.
VF_INLINE vi dot(vi sum, vi input, vi weights) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(input), "v"(weights));
    return sum;
}

#define TILE_ROWS 12
#define TILE_VECTORS 2
#define GROUP_WORDS (CK_GEMM_GROUP_INT16 / 2)
#include "gemm_integers.h"

void ck_gemm_int16_avx512vnni(const ck_gemm_integers *g) { product(g); }

#pragma clang attribute pop
#endif
