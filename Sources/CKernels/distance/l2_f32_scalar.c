// The specification: one sum in double precision, in order.
#include "rows.h"

static inline float ck_l2_f32_scalar_one(const float *a, const float *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return (float)sum;
}

CK_DEFINE_ROWS(l2_f32, scalar)
