// Similarities of vectors: one against one, one against many rows.
//
// dot: Σ a·b. l2: Σ (a − b)². Both over n floats of any count and alignment; rows of an index are 64-byte aligned,
// which only makes them faster. Every level agrees with the scalar one (which sums in double precision) within
// CK_DISTANCE_RELATIVE_ERROR × Σ|terms|: what reordering 32-bit additions can cost.
//
// Rows lie in slabs, so that an index grows without moving what a reader looks at:
//
//     slabs[0] → row 0 | row 1 | … | row 2^shift − 1        row r starts at
//     slabs[1] → row 2^shift | …                            slabs[r >> shift] + (r & mask) × stride
#pragma once

#include "ck_level.h"

#include <stddef.h>
#include <stdint.h>

#define CK_DISTANCE_RELATIVE_ERROR 4e-6f

/// Rows of equal stride in slabs of 2^shift rows.
typedef struct {
    const uint8_t *const *slabs;
    size_t stride; // bytes from one row to the next
    uint32_t shift;
} ck_rows;

/// One value from two vectors of n floats.
typedef float (*ck_pair_f32)(const float *a, const float *b, size_t n);

/// out[i] = value of query and row ids[i], i < count; later rows are fetched while earlier ones are computed.
typedef void (*ck_gather_f32)(const float *query, ck_rows rows, const uint32_t *ids, size_t count, size_t n, float *out);

/// out[i] = value of query and the row of n floats at base + i × stride bytes, i < count.
typedef void (*ck_scan_f32)(const float *query, const void *base, size_t stride, size_t count, size_t n, float *out);

// Codes: rows in the type a search walks on, f32, bf16, int8 or bits. One call gives the distances (smaller is closer) of a
// query and some rows:
//
//     f32, bf16   distance = constant + bias[row] + factor × Σ query·row        f32 under l2: Σ (query − row)²
//     int8, bits  distance = constant + bias[row] + factor × scale[row] × (Σ query·row − offset)
//
//     int8 row    u8[n]: round(x / scale) + 128, scale = max|x| / 127      query: the same without the 128, s8[n]
//     bf16 row    u16[n]: the upper half of a float, rounded to nearest even  query: the same
//
// n is a multiple of CK_CODE_STEP for bf16 and int8, zeros (128 in int8 rows) beyond the dimension. offset is
// 128 × Σ query: what the 128 of the rows adds. Under cosine and dot bias and constant are 0 and factor is −1 (times the
// query's scale); under l2 they are the squared lengths of the coded row and query, and factor is −2 (times the scale).
// Bits: a vector is turned by ck_bits_turn's fixed rotation into n numbers, n a multiple of CK_BIT_STEP, so that
// what a sign loses is spread over all of them.
//
//     row    n bits: 1 where a number is ≥ 0        scale = Σ number² / Σ |number|: with it products are right on average
//     query  per 512 bits four planes of 512 bits: bit k of u = ⌊8 + 8 × number / greatest⌋, at most 15, in plane k
//
// A number of the query is about (u − 7.5) × greatest / 8, so Σ query·sign = (7.5·n − Σ 2^k × popcount(plane k XOR row))
// × greatest / 8. "Σ query·row" above is that weighted count, which is exact, offset is 7.5·n, and factor is positive.
//
// The sums of int8 are exact; those of bf16 are within CK_DISTANCE_RELATIVE_ERROR × Σ|terms| of exact ones.

#define CK_CODE_STEP 64
#define CK_BIT_STEP 512
#define CK_BIT_PLANES 4

/// Rows of codes with what belongs to each.
typedef struct {
    ck_rows rows;
    ck_rows scales; // one float each; int8 and bits only
    ck_rows biases; // one float each, or no slabs (NULL) where it is 0
    size_t n;       // elements of a row
} ck_codes;

/// A query in the form that goes with a type of codes.
typedef struct {
    const void *values;
    float factor;
    float constant;
    int32_t offset;
} ck_code_query;

/// out[i] = distance of `query` and row ids[i], i < count.
typedef void (*ck_code_gather)(
    const ck_code_query *query, const ck_codes *codes, const uint32_t *ids, size_t count, float *out);

/// What coding one vector gave.
typedef struct {
    float scale;          // 0 for a vector of zeros
    float squared_length; // of the vector the codes stand for
    int32_t offset;       // int8: 128 × Σ of the signed codes; a query of bits: 7.5·n
} ck_coded;

typedef struct {
    ck_pair_f32 dot_f32;
    ck_pair_f32 l2_f32;
    ck_gather_f32 dot_f32_gather;
    ck_gather_f32 l2_f32_gather;
    ck_scan_f32 dot_f32_scan;
    ck_scan_f32 l2_f32_scan;
    ck_code_gather f32_dot_codes;
    ck_code_gather f32_l2_codes;
    ck_code_gather bf16_codes;
    ck_code_gather i8_codes;
    ck_code_gather bits_codes;
    /// x[dimension] as n codes XORed with `flip`: 0x80 makes a row, 0 a query.
    ck_coded (*i8_encode)(const float *x, size_t dimension, size_t n, uint8_t flip, uint8_t *codes);
    /// A row of n codes as a query; returns its offset.
    int32_t (*i8_row_query)(const uint8_t *row, size_t n, int8_t *query);
    /// How many of n numbers are below `key`.
    size_t (*count_below)(const uint64_t *x, size_t n, uint64_t key);
    /// Bit k of out[⌈n / 64⌉]: whether ids[k] is in `set`, word_count words of bits; no negative id is.
    void (*members)(const int64_t *ids, size_t n, const uint64_t *set, size_t word_count, uint64_t *out);
    /// x[dimension] as n bf16; returns the squared length of what they stand for.
    float (*bf16_encode)(const float *x, size_t dimension, size_t n, uint16_t *codes);
    /// x[dimension] as a row of n bits; squared_length is that of x itself.
    ck_coded (*bits_encode)(const float *x, size_t dimension, size_t n, uint8_t *row);
    /// x[dimension] as a query of n bits × CK_BIT_PLANES, `numbers` being room for n floats; scale is greatest / 8.
    ck_coded (*bits_query)(const float *x, size_t dimension, size_t n, float *numbers, uint8_t *planes);
} ck_distance_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_distance(ck_level level, ck_distance_table *table);

/// The address of a row.
static inline const void *ck_row(ck_rows rows, uint32_t row) {
    return rows.slabs[row >> rows.shift] + (size_t)(row & ((1u << rows.shift) - 1)) * rows.stride;
}

/// Asks for the cache lines of `bytes` from `address`, which need not be readable.
static inline void ck_prefetch(const void *address, size_t bytes) {
    for (size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch((const char *)address + offset, 0, 2);
}

/// Asks for the first `bytes` of each of `count` rows.
static inline void ck_prefetch_rows(ck_rows rows, const uint32_t *ids, size_t count, size_t bytes) {
    for (size_t i = 0; i < count; i++) ck_prefetch(ck_row(rows, ids[i]), bytes);
}
