// The specification: in double precision, one query after the other.
#include "elementwise_kernels.h"

#include <math.h>

void ck_self_attention_f32_scalar(const ck_self_attention *a) {
    float *weights = a->scratch;
    for (size_t t = 0; t < a->token_count; t++) {
        const float *q = a->q + t * a->stride;
        double greatest = -INFINITY, sum = 0;
        for (size_t j = 0; j < a->token_count; j++) {
            double score = 0;
            for (size_t d = 0; d < a->head_size; d++) score += (double)q[d] * a->k[j * a->stride + d];
            weights[j] = (float)(score * a->scale);
            if (weights[j] > greatest) greatest = weights[j];
        }
        for (size_t j = 0; j < a->token_count; j++) {
            weights[j] = (float)exp(weights[j] - greatest);
            sum += weights[j];
        }
        for (size_t d = 0; d < a->head_size; d++) {
            double value = 0;
            for (size_t j = 0; j < a->token_count; j++) value += (double)weights[j] * a->v[j * a->stride + d];
            a->out[t * a->out_stride + d] = (float)(value / sum);
        }
    }
}
