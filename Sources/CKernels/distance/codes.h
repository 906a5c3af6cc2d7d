// What every level does the same way with codes: CK_DEFINE_CODES(avx2) makes the gathers around the static inline
// functions ck_i8_dots_avx2 and ck_bf16_dots_avx2, each of which forms the sums of one query and four rows, and
// coding, which the compiler fits to the level by itself.
#pragma once

#include "ck_distance.h"

#include <math.h>
#include <string.h>

static inline float ck_term(ck_rows rows, uint32_t row) {
    return *(const float *)(rows.slabs[row >> rows.shift] + (size_t)(row & ((1u << rows.shift) - 1)) * sizeof(float));
}

static inline __attribute__((always_inline)) uint16_t ck_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

static inline __attribute__((always_inline)) float ck_bf16_value(uint16_t x) {
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// Non-negative floats order as their bits do, and integers can be compared in any order.
static inline __attribute__((always_inline)) float ck_greatest(const float *x, size_t n) {
    uint32_t greatest = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7FFFFFFF;
        greatest = bits > greatest ? bits : greatest;
    }
    float value;
    memcpy(&value, &greatest, sizeof value);
    return value;
}

static inline uint64_t ck_set_word(const uint64_t *set, size_t word_count, uint64_t word) {
    return word < word_count ? set[word] : 0;
}

// Bit k: whether ids[k] is in the set. Ids mostly follow one another, and are then 64 neighbouring bits of it.
static inline __attribute__((always_inline)) uint64_t ck_member_bits(
    const int64_t *ids, size_t n, const uint64_t *set, size_t word_count) {
    int64_t first = ids[0], apart = n < 64 || first < 0;
    if (!apart)
        for (size_t k = 0; k < 64; k++) apart |= ids[k] - first - (int64_t)k;
    if (!apart) {
        uint64_t word = (uint64_t)first >> 6, shift = (uint64_t)first & 63, low = ck_set_word(set, word_count, word);
        return shift ? low >> shift | ck_set_word(set, word_count, word + 1) << (64 - shift) : low;
    }
    uint64_t bits = 0;
    for (size_t k = 0; k < n; k++)
        if (ids[k] >= 0) bits |= (ck_set_word(set, word_count, (uint64_t)ids[k] >> 6) >> (ids[k] & 63) & 1) << k;
    return bits;
}

// Four rows at a time, the last one repeated where fewer are left: their sums share the query's registers.
#define CK_DEFINE_SCALED(type, level)                                                                                  \
    void ck_##type##_codes_##level(const ck_code_query *query, const ck_codes *codes, const uint32_t *ids,              \
                                   size_t count, float *out) {                                                         \
        for (size_t i = 0; i < count; i += 4) {                                                                        \
            const uint8_t *rows[4];                                                                                    \
            float factors[4], biases[4] = {0, 0, 0, 0};                                                                \
            int32_t dots[4];                                                                                           \
            size_t left = count - i < 4 ? count - i : 4;                                                               \
            for (size_t j = 0; j < 4; j++) {                                                                           \
                uint32_t id = ids[i + (j < left ? j : left - 1)];                                                      \
                rows[j] = (const uint8_t *)ck_row(codes->rows, id);                                                    \
                factors[j] = query->factor * ck_term(codes->scales, id);                                               \
                if (codes->biases.slabs) biases[j] = ck_term(codes->biases, id);                                       \
            }                                                                                                          \
            ck_##type##_dots_##level(query->values, rows, codes->n, dots);                                             \
            for (size_t j = 0; j < left; j++)                                                                          \
                out[i + j] = query->constant + biases[j] + factors[j] * (float)(dots[j] - query->offset);              \
        }                                                                                                              \
    }

#define CK_DEFINE_CODES(level)                                                                                         \
    CK_DEFINE_SCALED(i8, level)                                                                                        \
    void ck_bf16_codes_##level(const ck_code_query *query, const ck_codes *codes, const uint32_t *ids, size_t count,   \
                               float *out) {                                                                           \
        for (size_t i = 0; i < count; i += 4) {                                                                        \
            const uint16_t *rows[4];                                                                                   \
            float biases[4] = {0, 0, 0, 0}, dots[4];                                                                   \
            size_t left = count - i < 4 ? count - i : 4;                                                               \
            for (size_t j = 0; j < 4; j++) {                                                                           \
                uint32_t id = ids[i + (j < left ? j : left - 1)];                                                      \
                rows[j] = (const uint16_t *)ck_row(codes->rows, id);                                                   \
                if (codes->biases.slabs) biases[j] = ck_term(codes->biases, id);                                       \
            }                                                                                                          \
            ck_bf16_dots_##level((const uint16_t *)query->values, rows, codes->n, dots);                               \
            for (size_t j = 0; j < left; j++) out[i + j] = query->constant + biases[j] + query->factor * dots[j];      \
        }                                                                                                              \
    }                                                                                                                  \
    ck_coded ck_i8_encode_##level(const float *x, size_t dimension, size_t n, uint8_t flip, uint8_t *codes) {          \
        float greatest = ck_greatest(x, dimension);                                                                    \
        float scale = greatest / 127, inverse = scale > 0 ? 127 / greatest : 0;                                        \
        if (!(inverse <= 3e38f)) scale = inverse = 0;                                                                  \
        int32_t sum = 0, squares = 0;                                                                                  \
        for (size_t i = 0; i < dimension; i++) {                                                                       \
            int32_t code = (int32_t)rintf(x[i] * inverse);                                                             \
            sum += code;                                                                                               \
            squares += code * code;                                                                                    \
            codes[i] = (uint8_t)code ^ flip;                                                                           \
        }                                                                                                              \
        memset(codes + dimension, flip, n - dimension);                                                                \
        return (ck_coded){.scale = scale, .squared_length = scale * scale * (float)squares, .offset = 128 * sum};      \
    }                                                                                                                  \
    int32_t ck_i8_row_query_##level(const uint8_t *row, size_t n, int8_t *query) {                                     \
        int32_t sum = 0;                                                                                               \
        for (size_t i = 0; i < n; i++) {                                                                               \
            query[i] = (int8_t)(row[i] ^ 0x80);                                                                        \
            sum += query[i];                                                                                           \
        }                                                                                                              \
        return 128 * sum;                                                                                              \
    }                                                                                                                  \
    float ck_bf16_encode_##level(const float *x, size_t dimension, size_t n, uint16_t *codes) {                        \
        float squares = 0;                                                                                             \
        for (size_t i = 0; i < dimension; i++) {                                                                       \
            codes[i] = ck_bf16(x[i]);                                                                                  \
            squares += ck_bf16_value(codes[i]) * ck_bf16_value(codes[i]);                                              \
        }                                                                                                              \
        memset(codes + dimension, 0, (n - dimension) * sizeof *codes);                                                 \
        return squares;                                                                                                \
    }                                                                                                                  \
    size_t ck_count_below_##level(const uint64_t *x, size_t n, uint64_t key) {                                         \
        size_t count = 0;                                                                                              \
        for (size_t i = 0; i < n; i++) count += x[i] < key;                                                            \
        return count;                                                                                                  \
    }                                                                                                                  \
    void ck_members_##level(const int64_t *ids, size_t n, const uint64_t *set, size_t word_count, uint64_t *out) {     \
        for (size_t i = 0; i < n; i += 64) {                                                                           \
            out[i / 64] = ck_member_bits(ids + i, n - i < 64 ? n - i : 64, set, word_count);                           \
        }                                                                                                              \
    }

#define CK_DECLARE_CODES(level)                                                                                        \
    void ck_i8_codes_##level(const ck_code_query *query, const ck_codes *codes, const uint32_t *ids, size_t count,     \
                             float *out);                                                                              \
    void ck_bf16_codes_##level(const ck_code_query *query, const ck_codes *codes, const uint32_t *ids, size_t count,   \
                               float *out);                                                                            \
    ck_coded ck_i8_encode_##level(const float *x, size_t dimension, size_t n, uint8_t flip, uint8_t *codes);           \
    int32_t ck_i8_row_query_##level(const uint8_t *row, size_t n, int8_t *query);                                      \
    float ck_bf16_encode_##level(const float *x, size_t dimension, size_t n, uint16_t *codes);                         \
    size_t ck_count_below_##level(const uint64_t *x, size_t n, uint64_t key);                                          \
    void ck_members_##level(const int64_t *ids, size_t n, const uint64_t *set, size_t word_count, uint64_t *out);
