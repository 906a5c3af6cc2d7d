// Kernels of the decoder: products of quantised and half-precision weights with activations, and what lies between.
//
// Weights are packed once, at load, into panels of 16 rows, so that one 512-bit register holds one step of 16 rows and
// a product streams through memory. With K columns, B = K / 32 blocks:
//
//   f32, f16, bf16   [K][16] elements: column k of the 16 rows side by side
//   the others       block after block, each with all its parts, so that one stream of memory is read:
//     bytes          [8][16][4]: four columns of each row; q8_0 signed, q6_k unsigned with 32 added
//     half-bytes     [4][16][4]: low half columns 4j…4j+3 of the block, high half 16+4j…; q4_0, q4_1, q4_k, q2_k
//     5 bits         half-bytes, then [16][4] bytes whose bit j belongs to columns 4j…4j+3; q5_0, q5_1, q5_k
//     q8_0 q4_0 q5_0 then [16] f16 scales
//     q4_1 q5_1      then [16] f16 scales, [16] f16 minima
//     q4_k q5_k      then [16] byte scales, [16] byte minima; in front of every 8 blocks [16] f16 d, [16] f16 dmin
//     q6_k           then [2][16] signed byte scales, one per 16 columns; in front of every 8 blocks [16] f16 d
//     q2_k           then [2][16] byte scales, [2][16] byte minima; in front of every 8 blocks [16] f16 d, [16] f16 dmin
//
// Files' iq4_nl becomes q8_0 and q3_k becomes q6_k, without loss.
//
// A panel takes `ck_panel_bytes`, a multiple of 64; rows beyond the matrix are zero. Activations are either f32 rows or
// rows of `ck_q8_block`. Every row's sum is formed in one fixed order whatever the number of tokens, so a token's
// result doesn't depend on what it was batched with.
//
// Source: block formats of the GGUF specification; register tiling after Goto & van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication" (2008).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ck_level.h"

#define CK_PANEL_ROWS 16
#define CK_QUANT_BLOCK 32
/// The largest head of a cache of bytes.
#define CK_MAX_HEAD_SIZE 4096

/// How weights are stored; products are formed with the types before `CK_WEIGHT_COUNT`.
typedef enum {
    CK_WEIGHT_F32 = 0,
    CK_WEIGHT_F16 = 1,
    CK_WEIGHT_BF16 = 2,
    CK_WEIGHT_Q8_0 = 3,
    CK_WEIGHT_Q4_0 = 4,
    CK_WEIGHT_Q4_1 = 5,
    CK_WEIGHT_Q5_0 = 6,
    CK_WEIGHT_Q5_1 = 7,
    CK_WEIGHT_Q4_K = 8,
    CK_WEIGHT_Q5_K = 9,
    CK_WEIGHT_Q6_K = 10,
    CK_WEIGHT_Q2_K = 11,
    CK_WEIGHT_COUNT = 12,
    // Types of files only; `ck_panel_type` says what they are packed as.
    CK_WEIGHT_Q3_K = 12,
    CK_WEIGHT_IQ4_NL = 13
} ck_weight_type;

/// 32 activations as bytes: x[i] ≈ scale · values[i], scale = max|x| / 127.
typedef struct {
    float scale;
    float scaled_sum;       // scale · sum of values: what a q4_1 minimum is multiplied by
    int32_t minus_8_sum;    // −8 · sum of values: undoes the offset of q4_0
    int32_t minus_128_sum;  // −128 · sum of values: undoes the offset of bytes made unsigned
    int32_t minus_32_low;   // −32 · sum of the first 16 values: undoes the offset of q6_k
    int32_t minus_32_high;  // −32 · sum of the other 16
    int8_t values[CK_QUANT_BLOCK];
} ck_q8_block;

_Static_assert(sizeof(ck_q8_block) == 56, "an activation block is 56 bytes");

/// One product: out[t][r] = Σ_k x[t][k] · w[r][k] for T tokens and the rows of some neighbouring panels.
typedef struct {
    const void *panels;   // first panel
    size_t panel_bytes;   // from one panel to the next
    size_t row_count;     // R, rows in these panels
    size_t column_count;  // K
    const void *x;        // f32 [T, K], or ck_q8_block [T, K / 32] for the quantised types
    size_t x_stride;      // elements (floats or blocks) from one token to the next
    size_t token_count;   // T
    float *out;           // [T, R]
    size_t out_stride;    // floats from one token to the next
} ck_product;

/// One key-value head's part of causal attention: T tokens, G query heads that share the head, head size D.
///
/// Keys and values are f16, or signed bytes with a scale for each position: k[i] ≈ scale · byte[i].
typedef struct {
    const float *q;         // [T, G, D]
    size_t q_stride;        // floats from one token to the next
    size_t token_count;     // T
    size_t group;           // G
    size_t head_size;       // D
    const void *keys;       // f16 or byte panels [capacity / 16][D][16]
    const void *values;     // f16 or byte panels [⌈D / 16⌉][capacity][16]
    const float *key_scales;    // [capacity], with bytes; null with f16
    const float *value_scales;  // [capacity], with bytes; null with f16
    size_t capacity;        // positions, a multiple of 16
    size_t first_position;  // token t sees positions up to first_position + t
    size_t window;          // the last `window` of these; 0 for all
    float scale;            // of the scores, before the softmax
    float *out;             // [T, G, D]
    size_t out_stride;      // floats from one token to the next
    float *scratch;         // ck_attention_scratch(T · G, D, first_position + T) floats
} ck_attention;

/// The kernels of one level.
typedef struct {
    void (*product[CK_WEIGHT_COUNT])(const ck_product *p);
    /// Quantises n activations (a multiple of 32) into n / 32 blocks.
    void (*quantize_q8)(const float *x, size_t n, ck_q8_block *out);
    void (*f16_to_f32)(const uint16_t *x, size_t n, float *out);
    void (*f32_to_f16)(const float *x, size_t n, uint16_t *out);
    /// out[i] = x[i] · weight[i] / sqrt(mean(x²) + epsilon).
    void (*rms_norm)(const float *x, const float *weight, size_t n, float epsilon, float *out);
    /// gate[i] = gate[i] / (1 + exp(−gate[i])) · up[i].
    void (*silu_mul)(float *gate, const float *up, size_t n);
    /// gate[i] = gate[i] · (1 + tanh(√(2 / π) · (gate[i] + 0.044715 · gate[i]³))) / 2 · up[i].
    void (*gelu_mul)(float *gate, const float *up, size_t n);
    /// Rotates n / 2 neighbouring pairs (x[2i], x[2i + 1]) by the angles whose cosine and sine are given.
    void (*rope_pairs)(float *x, const float *cosine, const float *sine, size_t n);
    /// The greatest of n values; −infinity for n = 0.
    float (*max_f32)(const float *x, size_t n);
    /// x[i] = exp(x[i] − shift); returns the sum.
    float (*exp_sum)(float *x, size_t n, float shift);
    /// out[i] += x[i].
    void (*add)(float *out, const float *x, size_t n);
    /// out[i] *= x[i].
    void (*mul)(float *out, const float *x, size_t n);
    /// Products with panels of signed bytes [K][16] as numbers, `panel_bytes` apart; activations are f32 rows.
    void (*product_i8)(const ck_product *p);
    /// out[i] = x[i] / s rounded to the nearest whole number, for the returned scale s = max|x| / 127; all 0 for s = 0.
    float (*quantize_i8)(const float *x, size_t n, int8_t *out);
} ck_quant_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_quant(ck_level level, ck_quant_table *table);

/// The decoder's kernels of the level in use.
const ck_quant_table *ck_quant_kernels(void);

/// The kernels of `level`, or null when this machine lacks it.
const ck_quant_table *ck_quant_kernels_at(ck_level level);

/// table->product[type](p), for callers that can't index a C array.
void ck_quant_product(const ck_quant_table *table, ck_weight_type type, const ck_product *p);

/// The type that rows of a file's `type` are packed as.
ck_weight_type ck_panel_type(ck_weight_type type);

/// Columns that a row's length must be a multiple of: 1, 32 or 256.
size_t ck_block_columns(ck_weight_type type);

/// Bytes of one packed panel of `column_count` columns of a file's `type`.
size_t ck_panel_bytes(ck_weight_type type, size_t column_count);

/// Bytes of one row in a file.
size_t ck_row_bytes(ck_weight_type type, size_t column_count);

/// Packs up to 16 rows that follow one another in a file's layout into one panel of `ck_panel_type(type)` (64-byte
/// aligned).
void ck_pack_panel(ck_weight_type type, const void *rows, size_t row_count, size_t column_count, void *panel);

/// One row of a file's layout as floats.
void ck_dequantize_row(ck_weight_type type, const void *row, size_t column_count, float *out);

/// Rounds a row of floats to the blocks of `type`, one of q8_0, q4_0 and q4_1; `column_count` is a multiple of 32.
void ck_quantize_row(ck_weight_type type, const float *x, size_t column_count, void *row);

/// Floats of scratch for `rows` query rows (tokens times group) over `positions` positions.
size_t ck_attention_scratch(size_t rows, size_t head_size, size_t positions);

/// Causal attention on the kernels of `table`.
void ck_attend(const ck_quant_table *table, const ck_attention *a);

/// Writes the key and value [D] of one position into one head's panels of bytes, and their scales.
void ck_store_position_i8(
    const ck_quant_table *table, const float *key, const float *value, size_t head_size, size_t capacity,
    size_t position, int8_t *keys, int8_t *values, float *key_scales, float *value_scales);

/// Writes the key and value [D] of one position into one head's panels.
void ck_store_position(
    const ck_quant_table *table, const float *key, const float *value, size_t head_size, size_t capacity,
    size_t position, uint16_t *keys, uint16_t *values);

/// One half-precision number as a float, and back (round to nearest, ties to even).
float ck_half_to_float(uint16_t h);
uint16_t ck_float_to_half(float f);
