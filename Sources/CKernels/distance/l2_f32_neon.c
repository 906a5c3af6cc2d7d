#if defined(__aarch64__)
#include <arm_neon.h>

#include "rows.h"

static inline float32x4_t squared(const float *a, const float *b, float32x4_t sum) {
    float32x4_t difference = vsubq_f32(vld1q_f32(a), vld1q_f32(b));
    return vfmaq_f32(sum, difference, difference);
}

static inline float ck_l2_f32_neon_one(const float *a, const float *b, size_t n) {
    float32x4_t s0 = vdupq_n_f32(0), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        s0 = squared(a + i + 0, b + i + 0, s0);
        s1 = squared(a + i + 4, b + i + 4, s1);
        s2 = squared(a + i + 8, b + i + 8, s2);
        s3 = squared(a + i + 12, b + i + 12, s3);
    }
    float sum = vaddvq_f32(vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3)));
    for (; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

CK_DEFINE_ROWS(l2_f32, neon)
#endif
