// The loops over rows that every level and every measure share: CK_DEFINE_ROWS(dot_f32, avx512) makes the gather and
// the scan around the static inline function ck_dot_f32_avx512_one.
#pragma once

#include "ck_distance.h"

// How many rows ahead a gather fetches, and how much of each at most. Rows at random come from memory, not from a
// cache: three in flight keep one core's line buffers full.
#define CK_ROWS_AHEAD 6
#define CK_ROW_FETCH_BYTES 4096

static inline __attribute__((always_inline)) void ck_fetch_row(const void *row, size_t bytes) {
    if (bytes > CK_ROW_FETCH_BYTES) bytes = CK_ROW_FETCH_BYTES;
    for (size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch((const char *)row + offset, 0, 2);
}

#define CK_DEFINE_ROWS(measure, level)                                                                                 \
    float ck_##measure##_##level(const float *a, const float *b, size_t n) {                                           \
        return ck_##measure##_##level##_one(a, b, n);                                                                  \
    }                                                                                                                  \
    void ck_##measure##_##level##_gather(const float *query, ck_rows rows, const uint32_t *ids, size_t count,          \
                                         size_t n, float *out) {                                                       \
        size_t fetched = count < CK_ROWS_AHEAD ? count : CK_ROWS_AHEAD;                                                \
        for (size_t i = 0; i < fetched; i++) ck_fetch_row(ck_row(rows, ids[i]), n * sizeof(float));                    \
        for (size_t i = 0; i < count; i++) {                                                                           \
            if (i + CK_ROWS_AHEAD < count) ck_fetch_row(ck_row(rows, ids[i + CK_ROWS_AHEAD]), n * sizeof(float));      \
            out[i] = ck_##measure##_##level##_one(query, (const float *)ck_row(rows, ids[i]), n);                      \
        }                                                                                                              \
    }                                                                                                                  \
    void ck_##measure##_##level##_scan(const float *query, const void *base, size_t stride, size_t count, size_t n,    \
                                       float *out) {                                                                   \
        for (size_t i = 0; i < count; i++)                                                                             \
            out[i] = ck_##measure##_##level##_one(query, (const float *)((const char *)base + i * stride), n);         \
    }                                                                                                                  \
    void ck_##measure##_##level##_codes(const ck_code_query *query, const ck_codes *codes, const uint32_t *ids,        \
                                        size_t count, float *out) {                                                    \
        ck_##measure##_##level##_gather((const float *)query->values, codes->rows, ids, count, codes->n, out);         \
        for (size_t i = 0; i < count; i++) out[i] = query->constant + query->factor * out[i];                          \
    }

#define CK_DECLARE_ROWS(measure, level)                                                                                \
    float ck_##measure##_##level(const float *a, const float *b, size_t n);                                            \
    void ck_##measure##_##level##_gather(const float *query, ck_rows rows, const uint32_t *ids, size_t count,          \
                                         size_t n, float *out);                                                        \
    void ck_##measure##_##level##_scan(const float *query, const void *base, size_t stride, size_t count, size_t n,    \
                                       float *out);                                                                    \
    void ck_##measure##_##level##_codes(const ck_code_query *query, const ck_codes *codes, const uint32_t *ids,        \
                                        size_t count, float *out);
