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

typedef struct {
    ck_pair_f32 dot_f32;
    ck_pair_f32 l2_f32;
    ck_gather_f32 dot_f32_gather;
    ck_gather_f32 l2_f32_gather;
    ck_scan_f32 dot_f32_scan;
    ck_scan_f32 l2_f32_scan;
} ck_distance_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_distance(ck_level level, ck_distance_table *table);

/// The address of a row.
static inline const void *ck_row(ck_rows rows, uint32_t row) {
    return rows.slabs[row >> rows.shift] + (size_t)(row & ((1u << rows.shift) - 1)) * rows.stride;
}

/// Asks for the cache line at `address`, which need not be readable.
static inline void ck_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
