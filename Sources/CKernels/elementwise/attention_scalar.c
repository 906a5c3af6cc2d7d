// The specification: in double precision, one query after the other.
#include "../gemm/gemm_kernels.h"
#include "elementwise_kernels.h"

#include <math.h>

static double f32_at(const void *base, size_t index) { return ((const float *)base)[index]; }
static double bf16_at(const void *base, size_t index) { return ck_bf16_value(((const uint16_t *)base)[index]); }

// out [D] of query `t`; `at` reads one number.
static void attend(const ck_self_attention *a, size_t t, double (*at)(const void *, size_t), double *out) {
    float *weights = a->scratch;
    double greatest = -INFINITY, sum = 0;
    for (size_t j = 0; j < a->token_count; j++) {
        double score = 0;
        for (size_t d = 0; d < a->head_size; d++) score += at(a->q, t * a->stride + d) * at(a->k, j * a->stride + d);
        weights[j] = (float)(score * a->scale);
        if (weights[j] > greatest) greatest = weights[j];
    }
    for (size_t j = 0; j < a->token_count; j++) {
        weights[j] = (float)exp(weights[j] - greatest);
        sum += weights[j];
    }
    for (size_t d = 0; d < a->head_size; d++) {
        double value = 0;
        for (size_t j = 0; j < a->token_count; j++) value += weights[j] * at(a->v, j * a->stride + d);
        *out++ = value / sum;
    }
}

// A head's results fit the space that the vector levels need for their packed keys.
#define CK_ATTENTION(name, at, type, convert)                                                                          \
    void name(const ck_self_attention *a) {                                                                            \
        double *row = (double *)(void *)(a->scratch + (a->token_count + 1) / 2 * 2);                                   \
        for (size_t t = 0; t < a->token_count; t++) {                                                                  \
            attend(a, t, at, row);                                                                                     \
            for (size_t d = 0; d < a->head_size; d++)                                                                  \
                ((type *)a->out)[t * a->out_stride + d] = convert((float)row[d]);                                      \
        }                                                                                                              \
    }

CK_ATTENTION(ck_self_attention_f32_scalar, f32_at, float, )
CK_ATTENTION(ck_self_attention_bf16_scalar, bf16_at, uint16_t, ck_bf16_bits)
