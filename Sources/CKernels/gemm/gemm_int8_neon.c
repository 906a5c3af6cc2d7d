#if defined(__aarch64__)
#include "../vector/vec_neon.h"
#include "../vector/vec_math.h"
#include "gemm_kernels.h"

// Four bytes of each of four lanes as 16-bit numbers, whose products are widened and added in pairs.
typedef struct {
    int16x8_t low, high;
} byte_halves;
#define WEIGHTS byte_halves
#define INPUT byte_halves
VF_INLINE byte_halves weights_of(vi word) {
    int8x16_t bytes = vreinterpretq_s8_s32(word);
    return (byte_halves) { vmovl_s8(vget_low_s8(bytes)), vmovl_s8(vget_high_s8(bytes)) };
}
VF_INLINE byte_halves input_of(vi word) {
    int16x8_t halves = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(vreinterpretq_u8_s32(word))));
    return (byte_halves) { halves, halves };
}
VF_INLINE vi dot(vi sum, byte_halves x, byte_halves w) {
    int32x4_t one = vpaddq_s32(
        vmull_s16(vget_low_s16(x.low), vget_low_s16(w.low)), vmull_s16(vget_high_s16(x.low), vget_high_s16(w.low)));
    int32x4_t other = vpaddq_s32(
        vmull_s16(vget_low_s16(x.high), vget_low_s16(w.high)),
        vmull_s16(vget_high_s16(x.high), vget_high_s16(w.high)));
    return vaddq_s32(sum, vpaddq_s32(one, other));
}

#define TILE_ROWS 4
#define TILE_VECTORS 2
#define GROUP_WORDS (CK_GEMM_GROUP / 4)
#include "gemm_integers.h"

void ck_gemm_int8_neon(const ck_gemm_integers *g) { product(g); }

#include "quantize.h"

DEFINE_QUANTIZE(ck_quantize_neon, float, vf_load, ck_quantize_scalar)
DEFINE_QUANTIZE(ck_quantize_bf16_neon, uint16_t, vf_load_bf16, ck_quantize_bf16_scalar)
#endif
