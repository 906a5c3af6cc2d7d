// Product of activations and packed weights: out = epilogue(x · wᵀ + bias), in f32, bf16, 16 and 8 bits.
//
// Weights w [N, K] are packed once, at load, into panels of 32 rows, laid out [⌈N / 32⌉][W][32] in words of 32 bits:
// one float (W = K), or two bf16 that follow one another in K, the first one in the lower half (W = ⌈K / 2⌉, a missing
// second one zero). One step of the inner loop reads 32 neighbouring words. Rows beyond N are zero. Every level reads
// the same layout. The sum over K runs in one fixed order for each output, so a row's result doesn't depend on the rows
// it was batched with.
//
// Bound: a level differs from the scalar one (which sums in double precision) by at most
// CK_GEMM_RELATIVE_ERROR × (Σ|x·w| + |bias|), after a GELU by CK_GELU_ERROR (f32) or CK_GELU_FAST_ERROR (bf16) more,
// and results that are stored as bf16 by one step of that type.
//
// Source: register tiling and panels after Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication" (2008).
#pragma once

#include "ck_level.h"

#include <stddef.h>
#include <stdint.h>

#define CK_GEMM_PANEL 32
#define CK_GEMM_GROUP 128
#define CK_GEMM_GROUP_INT16 512
#define CK_GEMM_MOST_INT16 4095
#define CK_GEMM_RELATIVE_ERROR 4e-6f
#define CK_GELU_ERROR 1e-6f
#define CK_GELU_FAST_ERROR 1e-4f

typedef enum {
    CK_EPILOGUE_BIAS = 0,          // + bias
    CK_EPILOGUE_BIAS_GELU = 1,     // GELU(+ bias), the exact form with erf
    CK_EPILOGUE_BIAS_RESIDUAL = 2  // + bias + residual
} ck_epilogue;

typedef enum {
    CK_OUTPUT_F32 = 0,
    CK_OUTPUT_BF16 = 1  // not with a residual
} ck_output;

/// One product of M rows with neighbouring panels. Columns written: 32 × panel_count, those beyond N with the epilogue
/// of 0, so `out`, `residual` and `bias` reach that far. `out` may be `residual`; it may not be `x`.
typedef struct {
    const void *x;          // [M, K], floats or bf16; a row of bf16 is whole words
    size_t x_stride;        // words from one row to the next; other than a power of two is faster
    size_t row_count;       // M
    size_t word_count;      // W
    const void *panels;     // first panel, 64-byte aligned
    size_t panel_count;
    const float *bias;      // [32 × panel_count]
    const float *residual;  // [M, 32 × panel_count], or NULL unless the epilogue adds it
    size_t residual_stride; // floats
    void *out;              // [M, 32 × panel_count]
    size_t out_stride;      // elements
    ck_epilogue epilogue;
    ck_output output;
} ck_gemm;

/// Activations of a product of integers: x ≈ scale · integer + offset over one group of neighbouring columns.
typedef struct {
    float scale;
    float offset;
} ck_integer_group;

/// One product of bytes, or of 16-bit integers. Sums over a group are exact, those over groups and what follows in f32.
///
/// `x` of `product` is unsigned bytes from the group's least value (`offset`) up, or 16-bit integers of up to
/// ±CK_GEMM_MOST_INT16 around the middle of the group's values, [M, K], each row padded to whole words with anything.
/// A group has CK_GEMM_GROUP columns (bytes) or CK_GEMM_GROUP_INT16 (16 bits).
///
/// Panels: for each of the groups its words of four signed bytes or two 16-bit integers [words][32], then 32 scales and
/// 32 sums (scale × the sum of the group's integers), as floats. A byte scale is the greatest |w| of the row's group /
/// 127. A 16-bit scale is the least one with which no sum of products can leave 32 bits: the row's group has
/// Σ|integer| · CK_GEMM_MOST_INT16 < 2^31.
typedef struct {
    ck_gemm product;
    const ck_integer_group *groups;  // [M, groups]
    size_t group_stride;          // from one row to the next
} ck_gemm_integers;

typedef struct {
    /// Floats times floats.
    void (*product)(const ck_gemm *g);
    /// bf16 times bf16, summed in f32.
    void (*product_bf16)(const ck_gemm *g);
    /// Bytes times bytes. Every level forms the same integers.
    void (*product_int8)(const ck_gemm_integers *g);
    /// 16-bit integers times 16-bit integers. Every level forms the same sums over a group.
    void (*product_int16)(const ck_gemm_integers *g);
    /// n floats as bytes and their groups' scales.
    void (*quantize)(const float *x, size_t n, uint8_t *out, ck_integer_group *groups);
    /// n floats as 16-bit integers and their groups' scales.
    void (*quantize_int16)(const float *x, size_t n, int16_t *out, ck_integer_group *groups);
    /// n bf16 as bytes and their groups' scales.
    void (*quantize_bf16)(const uint16_t *x, size_t n, uint8_t *out, ck_integer_group *groups);
    /// The nearest bf16 of n floats; ties go to the even one.
    void (*to_bf16)(const float *x, size_t n, uint16_t *out);
} ck_gemm_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_gemm(ck_level level, ck_gemm_table *table);

/// Words of 32 bits that `row_count` packed rows of `word_count` take.
size_t ck_gemm_packed_count(size_t row_count, size_t word_count);

/// Packs w [row_count, column_count] (row-major, contiguous) into panels of floats.
void ck_gemm_pack(const float *w, size_t row_count, size_t column_count, float *panels);

/// Packs w [row_count, column_count] (row-major, contiguous) into panels of bf16 pairs.
void ck_gemm_pack_bf16(const float *w, size_t row_count, size_t column_count, uint32_t *panels);

/// Words of 32 bits that `row_count` packed rows of `column_count` take in 8 bits.
size_t ck_gemm_packed_count_int8(size_t row_count, size_t column_count);

/// Packs w [row_count, column_count] (row-major, contiguous) into panels of bytes.
void ck_gemm_pack_int8(const float *w, size_t row_count, size_t column_count, uint32_t *panels);

/// Words of 32 bits that `row_count` packed rows of `column_count` take in 16 bits.
size_t ck_gemm_packed_count_int16(size_t row_count, size_t column_count);

/// Packs w [row_count, column_count] (row-major, contiguous) into panels of 16-bit integers.
void ck_gemm_pack_int16(const float *w, size_t row_count, size_t column_count, uint32_t *panels);
