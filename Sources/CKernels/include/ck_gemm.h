// Product of activations and packed weights: out = epilogue(x · wᵀ + bias), in f32.
//
// Weights w [N, K] are packed once, at load, into panels of 32 rows, laid out [⌈N / 32⌉][K][32]: one step of the
// inner loop reads 32 neighbouring floats. Rows beyond N are zero. Every level reads the same layout. The sum over K
// runs in one fixed order for each output, so a row's result doesn't depend on the rows it was batched with.
//
// Bound: a level differs from the scalar one (which sums in double precision) by at most
// CK_GEMM_RELATIVE_ERROR × (Σ|x·w| + |bias|), and CK_GELU_ERROR more after a GELU.
//
// Source: register tiling and panels after Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication" (2008).
#pragma once

#include "ck_level.h"

#include <stddef.h>

#define CK_GEMM_PANEL 32
#define CK_GEMM_RELATIVE_ERROR 4e-6f
#define CK_GELU_ERROR 1e-6f

typedef enum {
    CK_EPILOGUE_BIAS = 0,          // + bias
    CK_EPILOGUE_BIAS_GELU = 1,     // GELU(+ bias), the exact form with erf
    CK_EPILOGUE_BIAS_RESIDUAL = 2  // + bias + residual
} ck_epilogue;

/// One product of M rows with neighbouring panels. Columns written: 32 × panel_count, those beyond N with the epilogue
/// of 0, so `out`, `residual` and `bias` reach that far. `out` may be `residual`; it may not be `x`.
typedef struct {
    const float *x;         // [M, K]
    size_t x_stride;        // floats from one row to the next; other than a power of two is faster
    size_t row_count;       // M
    size_t column_count;    // K
    const float *panels;    // first panel, 64-byte aligned
    size_t panel_count;
    const float *bias;      // [32 × panel_count]
    const float *residual;  // [M, 32 × panel_count], or NULL unless the epilogue adds it
    size_t residual_stride;
    float *out;             // [M, 32 × panel_count]
    size_t out_stride;
    ck_epilogue epilogue;
} ck_gemm;

typedef struct {
    void (*product)(const ck_gemm *g);
} ck_gemm_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_gemm(ck_level level, ck_gemm_table *table);

/// Floats that `row_count` packed rows of `column_count` take.
size_t ck_gemm_packed_count(size_t row_count, size_t column_count);

/// Packs w [row_count, column_count] (row-major, contiguous) into panels.
void ck_gemm_pack(const float *w, size_t row_count, size_t column_count, float *panels);
