// The specification.
#include "bits.h"

static inline void ck_bits_dots_scalar(const uint8_t *planes, const uint8_t *const *rows, size_t n, int32_t *dots) {
    for (size_t j = 0; j < 4; j++) {
        dots[j] = 0;
        for (size_t i = 0; i < n / 64; i++) {
            uint64_t row;
            memcpy(&row, rows[j] + 8 * i, 8);
            for (size_t k = 0; k < CK_BIT_PLANES; k++) {
                uint64_t plane;
                memcpy(&plane, planes + i / 8 * (CK_BIT_STEP / 8 * CK_BIT_PLANES) + k * 64 + i % 8 * 8, 8);
                dots[j] += __builtin_popcountll(row ^ plane) << k;
            }
        }
    }
}

CK_DEFINE_BITS(scalar)
