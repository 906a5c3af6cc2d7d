#if defined(__aarch64__)
#include "../vector/vec_neon.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

#include <math.h>

VF_INLINE vi dot(vi sum, vi x, vi w) {
    int16x8_t a = vreinterpretq_s16_s32(x), b = vreinterpretq_s16_s32(w);
    return vaddq_s32(sum, vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b)));
}

#define TILE_ROWS 6
#define TILE_VECTORS 2
#define GROUP_WORDS (CK_GEMM_GROUP_INT16 / 2)
#include "gemm_integers.h"

void ck_gemm_int16_neon(const ck_gemm_integers *g) { product(g); }

#include "quantize.h"

DEFINE_QUANTIZE_INT16(ck_quantize_int16_neon)
#endif
