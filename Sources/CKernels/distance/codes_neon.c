#if defined(__aarch64__)
#include <arm_neon.h>

#include "codes.h"

static inline void ck_i8_dots_neon(const int8_t *query, const uint8_t *const *rows, size_t n, int32_t *dots) {
    for (size_t j = 0; j < 4; j++) {
        int32x4_t sum = vdupq_n_s32(0);
        for (size_t i = 0; i < n; i += 8) {
            int16x8_t q = vmovl_s8(vld1_s8(query + i));
            int16x8_t r = vreinterpretq_s16_u16(vmovl_u8(vld1_u8(rows[j] + i)));
            sum = vmlal_s16(sum, vget_low_s16(q), vget_low_s16(r));
            sum = vmlal_s16(sum, vget_high_s16(q), vget_high_s16(r));
        }
        dots[j] = vaddvq_s32(sum);
    }
}

static inline void ck_bf16_dots_neon(const uint16_t *query, const uint16_t *const *rows, size_t n, float *dots) {
    for (size_t j = 0; j < 4; j++) {
        float32x4_t sum = vdupq_n_f32(0);
        for (size_t i = 0; i < n; i += 4) {
            float32x4_t q = vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(query + i), 16));
            float32x4_t r = vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(rows[j] + i), 16));
            sum = vfmaq_f32(sum, q, r);
        }
        dots[j] = vaddvq_f32(sum);
    }
}

CK_DEFINE_CODES(neon)
#endif
