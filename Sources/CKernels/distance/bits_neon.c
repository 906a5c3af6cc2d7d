#if defined(__aarch64__)
#include <arm_neon.h>

#include "bits.h"

static inline void ck_bits_dots_neon(const uint8_t *planes, const uint8_t *const *rows, size_t n, int32_t *dots) {
    const size_t step = CK_BIT_STEP / 8;
    for (size_t j = 0; j < 4; j++) {
        uint32_t sum = 0;
        for (size_t i = 0; i < n / 8; i += 16) {
            const uint8_t *part = planes + i / step * (step * CK_BIT_PLANES) + i % step;
            uint8x16_t row = vld1q_u8(rows[j] + i), weighted = vdupq_n_u8(0);
            // From the heaviest plane down; at most 8 × 15 in a byte.
            for (int k = CK_BIT_PLANES - 1; k >= 0; k--) {
                uint8x16_t count = vcntq_u8(veorq_u8(row, vld1q_u8(part + (size_t)k * step)));
                weighted = vaddq_u8(vaddq_u8(weighted, weighted), count);
            }
            sum += vaddlvq_u8(weighted);
        }
        dots[j] = (int32_t)sum;
    }
}

CK_DEFINE_BITS(neon)
#endif
