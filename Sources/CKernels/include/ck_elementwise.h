// Kernels between the products of an encoder: layer norm, attention, pooling.
//
// Bounds against the scalar level, which computes in double precision: layer_norm and softmax-weighted sums
// CK_ROW_ERROR × the greatest magnitude involved, normalize CK_ROW_ERROR. A row's result never depends on other rows
// (attention: other sequences).
//
// Source: Ba et al., "Layer Normalization" (2016); Vaswani et al., "Attention Is All You Need" (2017), §3.2.
#pragma once

#include "ck_level.h"

#include <stddef.h>
#include <stdint.h>

#define CK_ROW_ERROR 4e-6f
#define CK_ATTENTION_BF16_ERROR 8e-3f

/// Unmasked self-attention of one head over one sequence of T tokens, head size D, in floats or in bf16.
typedef struct {
    const void *q;       // [T, D]
    const void *k;       // [T, D]
    const void *v;       // [T, D]
    size_t stride;       // numbers from one token to the next in q, k and v; even for bf16
    size_t token_count;  // T
    size_t head_size;    // D
    float scale;         // of q · k before the softmax; above 0
    void *out;           // [T, D]
    size_t out_stride;
    float *scratch;      // ck_self_attention_scratch(T, D) floats, 64-byte aligned
} ck_self_attention;

typedef struct {
    /// out[i] = a[i] + b[i].
    void (*add)(const float *a, const float *b, size_t n, float *out);
    /// out[i] = (x[i] − mean) / sqrt(variance + epsilon) · weight[i] + bias[i] over one row; `out` may be `x`.
    void (*layer_norm)(
        const float *x, size_t n, const float *weight, const float *bias, float epsilon, float *out);
    /// softmax(scale · q kᵀ) v of floats.
    void (*self_attention)(const ck_self_attention *a);
    /// The same of bf16; weights are rounded to bf16 before they are summed with v, so that the error is up to
    /// CK_ATTENTION_BF16_ERROR × max|v|. For odd D, numbers next to q's and k's rows have to be finite.
    void (*self_attention_bf16)(const ck_self_attention *a);
    /// out[i] = mean over `row_count` ≥ 1 rows of n floats.
    void (*mean_rows)(const float *x, size_t stride, size_t row_count, size_t n, float *out);
    /// x / |x| in place; a row of zeros stays.
    void (*normalize)(float *x, size_t n);
} ck_elementwise_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_elementwise(ck_level level, ck_elementwise_table *table);

/// Floats of scratch that attention over T tokens with heads of D needs, at any level.
size_t ck_self_attention_scratch(size_t token_count, size_t head_size);
