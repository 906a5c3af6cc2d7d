// The specification: sums in order, those of bf16 in double precision.
#include "codes.h"

static inline void ck_i8_dots_scalar(const int8_t *query, const uint8_t *const *rows, size_t n, int32_t *dots) {
    for (size_t j = 0; j < 4; j++) {
        dots[j] = 0;
        for (size_t i = 0; i < n; i++) dots[j] += (int32_t)query[i] * (int32_t)rows[j][i];
    }
}

static inline void ck_bf16_dots_scalar(const uint16_t *query, const uint16_t *const *rows, size_t n, float *dots) {
    for (size_t j = 0; j < 4; j++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += (double)ck_bf16_value(query[i]) * (double)ck_bf16_value(rows[j][i]);
        dots[j] = (float)sum;
    }
}

CK_DEFINE_CODES(scalar)
